#pragma once

#include <algorithm>
#include <cmath>

namespace convoy {

// Of a sample of outputs.
class RelativeError {
public:
    void add(double found, double exact) {
        largest_exact_ = std::max(largest_exact_, std::abs(exact));
        largest_error_ = std::max(largest_error_, std::abs(found - exact));
        exact_squares_ += exact * exact;
        error_squares_ += (found - exact) * (found - exact);
    }

    // The largest error over the largest output, and the same of root mean squares; 0 of zeros.
    double of_largest() const { return largest_exact_ > 0 ? largest_error_ / largest_exact_ : 0; }
    double of_mean_squares() const {
        return exact_squares_ > 0 ? std::sqrt(error_squares_ / exact_squares_) : 0;
    }

private:
    double largest_exact_ = 0, largest_error_ = 0, exact_squares_ = 0, error_squares_ = 0;
};

}  // namespace convoy
