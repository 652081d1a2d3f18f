"""ONNX's node tests that Convoy is expected to fail, and why. A case that passes must leave this table."""

STATISTICS = "mean and deviation as outputs of a layer normalisation"
UNSIGNED = "unsigned integers"
EMPTY = "tensors without elements"
TRAINING = "training"
CROP = "coordinate mode tf_crop_and_resize"

SKIPPED = {
    "test_batchnorm_epsilon_training_mode": TRAINING,
    "test_batchnorm_example_training_mode": TRAINING,
    "test_layer_normalization_2d_axis0": STATISTICS,
    "test_layer_normalization_2d_axis1": STATISTICS,
    "test_layer_normalization_2d_axis_negative_1": STATISTICS,
    "test_layer_normalization_2d_axis_negative_2": STATISTICS,
    "test_layer_normalization_3d_axis0_epsilon": STATISTICS,
    "test_layer_normalization_3d_axis1_epsilon": STATISTICS,
    "test_layer_normalization_3d_axis2_epsilon": STATISTICS,
    "test_layer_normalization_3d_axis_negative_1_epsilon": STATISTICS,
    "test_layer_normalization_3d_axis_negative_2_epsilon": STATISTICS,
    "test_layer_normalization_3d_axis_negative_3_epsilon": STATISTICS,
    "test_layer_normalization_4d_axis0": STATISTICS,
    "test_layer_normalization_4d_axis1": STATISTICS,
    "test_layer_normalization_4d_axis2": STATISTICS,
    "test_layer_normalization_4d_axis3": STATISTICS,
    "test_layer_normalization_4d_axis_negative_1": STATISTICS,
    "test_layer_normalization_4d_axis_negative_2": STATISTICS,
    "test_layer_normalization_4d_axis_negative_3": STATISTICS,
    "test_layer_normalization_4d_axis_negative_4": STATISTICS,
    "test_layer_normalization_default_axis": STATISTICS,
    "test_pow_types_float32_uint32": UNSIGNED,
    "test_pow_types_float32_uint64": UNSIGNED,
    "test_reduce_l1_empty_set": EMPTY,
    "test_reduce_l2_empty_set": EMPTY,
    "test_reduce_log_sum_empty_set": EMPTY,
    "test_reduce_log_sum_exp_empty_set": EMPTY,
    "test_reduce_max_empty_set": EMPTY,
    "test_reduce_min_empty_set": EMPTY,
    "test_reduce_prod_empty_set": EMPTY,
    "test_reduce_sum_empty_set": EMPTY,
    "test_reduce_sum_empty_set_non_reduced_axis_zero": EMPTY,
    "test_reduce_sum_square_empty_set": EMPTY,
    "test_reshape_allowzero_reordered": EMPTY,
    "test_resize_tf_crop_and_resize": CROP,
    "test_resize_tf_crop_and_resize_axes_2_3": CROP,
    "test_resize_tf_crop_and_resize_axes_3_2": CROP,
    "test_resize_tf_crop_and_resize_extrapolation_value": CROP,
    "test_slice_start_out_of_bounds": EMPTY,
    "test_split_zero_size_splits_opset13": EMPTY,
    "test_split_zero_size_splits_opset18": EMPTY,
    "test_training_dropout": TRAINING,
    "test_training_dropout_default": TRAINING,
    "test_training_dropout_zero_ratio": TRAINING,
}
