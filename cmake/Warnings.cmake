# The warnings every target of this project compiles under.
add_library(convoy_warnings INTERFACE)
target_compile_options(convoy_warnings INTERFACE -Wall -Wextra -Wshadow -Wno-missing-field-initializers
                       -Wno-restrict)
