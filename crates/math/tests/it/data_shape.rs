//! The shape of one example.

use tweedie_math::DataShape;

#[test]
fn an_image_has_three_sides() {
    let image = DataShape::image(3, 16, 32);
    assert_eq!(image, DataShape::new([3, 16, 32]));
    assert_eq!(image.sides(), [3, 16, 32]);
    assert_eq!(image.as_image(), Some([3, 16, 32]));
    assert_eq!((image.channels(), image.n_values()), (3, 1536));
    assert_eq!(image.batch(5), [5, 3, 16, 32]);
    assert_eq!(image.to_string(), "3×16×32");
}

#[test]
fn a_point_has_one_side() {
    let point = DataShape::point(2);
    assert_eq!(point, DataShape::new(vec![2]));
    assert_eq!(point.as_image(), None);
    assert_eq!((point.channels(), point.n_values()), (2, 2));
    assert_eq!(point.batch(7), [7, 2]);
    assert_eq!(point.to_string(), "2");
}

/// No shape makes a number overflow.
#[test]
fn odd_shapes_have_numbers() {
    let scalar = DataShape::new([]);
    assert_eq!((scalar.channels(), scalar.n_values(), scalar.as_image()), (0, 1, None));
    assert_eq!((scalar.batch(4), scalar.to_string()), (vec![4], String::new()));
    let huge = DataShape::point(usize::MAX);
    assert_eq!(huge.batch(1), [1, i64::MAX]);
    assert_eq!(DataShape::new([usize::MAX, 2]).n_values(), usize::MAX);
    assert_eq!(DataShape::new([1, 2, 3, 4]).as_image(), None);
}

/// Configurations hold the list of sides.
#[test]
fn a_shape_is_written_as_its_sides() {
    let image = DataShape::image(1, 28, 28);
    assert_eq!(serde_json::to_string(&image).unwrap(), "[1,28,28]");
    assert_eq!(serde_json::from_str::<DataShape>("[1,28,28]").unwrap(), image);
    assert!(serde_json::from_str::<DataShape>("[1,-28]").is_err());
}
