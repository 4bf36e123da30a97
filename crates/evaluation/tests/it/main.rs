//! How good samples are: distances against closed forms and direct sums, classifiers against recordings.

mod careful;
mod extractor;
mod frechet;
mod kernel;
mod lenet;
mod likelihood;
mod neighbours;
mod points;
mod progress;
mod resnet;
mod samples;
mod shapes;

use std::collections::BTreeMap;
use std::path::Path;
use tch::{Device, Kind, Tensor};
use tweedie_data::{Dataset, Shape, Shapes};
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_weights::{DataType, Weights};

/// The built-in set's shape here.
const SHAPE: Shape = Shape { channels: 3, height: 16, width: 16 };

/// Standard normal features, (n, d), f64.
fn normal(n: i64, d: i64, seed: u64) -> Tensor {
    let key = Key { seed, image: 0, purpose: Purpose::EVALUATE, visit: 0, draw: 0 };
    let mut values = vec![0.0; (n * d) as usize];
    Stream::new(key).fill_normal(&mut values);
    Tensor::from_slice(&values).reshape([n, d])
}

/// The rows of a matrix as numbers.
fn rows(x: &Tensor) -> Vec<Vec<f64>> {
    let d = x.size()[1] as usize;
    let values = Vec::<f64>::try_from(x.to_kind(Kind::Double).flatten(0, -1)).unwrap();
    values.chunks_exact(d).map(<[f64]>::to_vec).collect()
}

/// Images of the built-in set from an index on.
fn images(from: u64, n: u64) -> Vec<Vec<u8>> {
    let set = Shapes::new(SHAPE.height, SHAPE.width, 0).unwrap();
    (from..from + n).map(|index| set.get(index).unwrap().image().to_vec()).collect()
}

/// The greatest difference between two tensors.
fn furthest(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.size(), b.size());
    (a.to_kind(Kind::Double) - b.to_kind(Kind::Double)).abs().max().double_value(&[])
}

/// Every tensor of a file, f64.
fn tensors(path: &Path) -> BTreeMap<String, Tensor> {
    let mut file = Weights::open(path).unwrap();
    let mut all = BTreeMap::new();
    for (name, shape) in file.shapes() {
        let (kind, bytes) = file.read(&name).unwrap().unwrap();
        let kind = match kind {
            DataType::F64 => Kind::Double,
            DataType::F32 => Kind::Float,
            DataType::I64 => Kind::Int64,
            other => panic!("{name} is of {other:?}"),
        };
        let shape: Vec<i64> = shape.iter().map(|&side| side as i64).collect();
        let tensor = Tensor::from_data_size(&bytes, &shape, kind);
        all.insert(name, tensor.to_device(Device::Cpu).to_kind(Kind::Double));
    }
    all
}
