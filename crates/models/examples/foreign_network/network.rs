//! A network that is not part of this workspace: a U-Net of layer-normalised blocks for 28×28 images, with a learned embedding per
//! time step.

use serde_json::{Value, json};
use tch::Tensor;
use tweedie_networks::layers::{Conv2d, Embedding, Linear, Start};
use tweedie_networks::{Accepts, Error, Init, Input, Network, Parameters, Pass, Scope};
use tweedie_torch::guard;

/// The U-Net: three down-sampling stages, a middle stage and three up-sampling stages.
#[derive(Debug)]
pub struct TinyDdpm {
    parameters: Parameters,
    time_embed: Embedding,
    stages: Vec<Stage>,
    downs: [Conv2d; 2],
    last: [Conv2d; 2],
    first: [ConvTranspose2d; 2],
    ups: [ConvTranspose2d; 2],
    conv_out: Conv2d,
}

/// The stages in the order of evaluation: name, name of the time embedding, channels before and after each block, and side.
const STAGES: [(&str, &str, [i64; 4], i64); 7] = [
    ("b1", "te1", [1, 10, 10, 10], 28),
    ("b2", "te2", [10, 20, 20, 20], 14),
    ("b3", "te3", [20, 40, 40, 40], 7),
    ("b_mid", "te_mid", [40, 20, 20, 40], 3),
    ("b4", "te4", [80, 40, 20, 20], 7),
    ("b5", "te5", [40, 20, 10, 10], 14),
    ("b_out", "te_out", [20, 10, 10, 10], 28),
];

impl TinyDdpm {
    /// The name of the class in configurations.
    pub const CLASS: &str = "TinyDdpm";

    /// The constructor for a registry. The configuration has no keys.
    pub fn build(_config: &Value, parameters: Parameters) -> Result<Box<dyn Network>, Error> {
        let mut parameters = parameters;
        let mut root = parameters.root();
        let time_embed = Embedding::new(root.sub("time_embed"), 1000, 100)?;
        let stages = (0..7).map(|number| Stage::new(&mut root, number)).collect::<Result<_, _>>()?;
        let mut down = |name: &str, channels, kernel: i64| {
            let conv = Conv2d::new(root.sub(name), channels, channels, kernel, Start::Default)?;
            Ok::<_, Error>(conv.with_stride(kernel / 2, kernel / 2 - 1))
        };
        let last = [down("down3.0", 40, 2)?, down("down3.2", 40, 4)?];
        let downs = [down("down1", 10, 4)?, down("down2", 20, 4)?];
        let mut up = |name: &str, channels, kernel| ConvTranspose2d::new(root.sub(name), channels, kernel);
        let first = [up("up1.0", 40, 4)?, up("up1.2", 40, 2)?];
        let ups = [up("up2", 20, 4)?, up("up3", 10, 4)?];
        let conv_out = Conv2d::new(root.sub("conv_out"), 10, 1, 3, Start::Default)?;
        Ok(Box::new(Self { parameters, time_embed, stages, downs, last, first, ups, conv_out }))
    }

    fn compute(&self, x: &Tensor, time: &Tensor, pass: &Pass) -> Tensor {
        let time = self.time_embed.forward(&time.to_kind(tch::Kind::Int64));
        let stage = |i: usize, x: &Tensor| self.stages[i].forward(x, &time, pass);
        let down = |i: usize, x: &Tensor| self.downs[i].forward(x, pass);
        let halved = |x: &Tensor| self.last[1].forward(&self.last[0].forward(x, pass).silu(), pass);
        let doubled = |x: &Tensor| self.first[1].forward(&self.first[0].forward(x).silu());
        let out1 = stage(0, x);
        let out2 = stage(1, &down(0, &out1));
        let out3 = stage(2, &down(1, &out2));
        let middle = stage(3, &halved(&out3));
        let out4 = Tensor::cat(&[out3, doubled(&middle)], 1);
        let out5 = Tensor::cat(&[out2, self.ups[0].forward(&stage(4, &out4))], 1);
        let out = Tensor::cat(&[out1, self.ups[1].forward(&stage(5, &out5))], 1);
        self.conv_out.forward(&stage(6, &out), pass)
    }
}

impl Network for TinyDdpm {
    fn forward(&self, input: &Input<'_>, pass: &Pass) -> Result<Tensor, Error> {
        if input.x.size()[1..] != [1, 28, 28] {
            return Err(Error::Input(format!("x has shape {:?}; it must be (N, 1, 28, 28)", input.x.size())));
        }
        Ok(guard(|| self.compute(input.x, input.time, pass))?)
    }

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn class_name(&self) -> &'static str {
        Self::CLASS
    }

    fn config(&self) -> Value {
        json!({})
    }

    fn accepts(&self) -> Accepts {
        let size = Some(vec![28, 28]);
        Accepts { channels: 1, outputs: 1, size, has_time_table: true, ..Accepts::default() }
    }
}

/// A stage: a time-dependent bias per channel, followed by three blocks.
#[derive(Debug)]
struct Stage {
    time: [Linear; 2],
    blocks: Vec<Block>,
}

/// A block: layer normalisation over the whole image and two convolutions. The last block has weights of a normalisation that is not
/// applied.
#[derive(Debug)]
struct Block {
    norm: Option<[Tensor; 2]>,
    convs: [Conv2d; 2],
}

impl Stage {
    fn new(root: &mut Scope, number: usize) -> Result<Self, Error> {
        let (name, time, channels, side) = STAGES[number];
        let time = [(0, 100), (2, channels[0])].map(|(i, inputs)| {
            Linear::new(root.sub(format!("{time}.{i}")), inputs, channels[0], Start::Default)
        });
        let block = |i: usize| {
            let (inputs, outputs, mut scope) =
                (channels[i], channels[i + 1], root.sub(format!("{name}.{i}")));
            let shape = [inputs, side, side];
            let weight = scope.sub("ln").trained("weight", &shape, Init::Constant(1.0))?;
            let bias = scope.sub("ln").trained("bias", &shape, Init::Constant(0.0))?;
            let first = Conv2d::new(scope.sub("conv1"), inputs, outputs, 3, Start::Default)?;
            let second = Conv2d::new(scope.sub("conv2"), outputs, outputs, 3, Start::Default)?;
            Ok(Block { norm: ((name, i) != ("b_out", 2)).then_some([weight, bias]), convs: [first, second] })
        };
        let blocks = (0..3).map(block).collect::<Result<_, Error>>()?;
        let [first, second] = time;
        Ok(Self { time: [first?, second?], blocks })
    }

    fn forward(&self, x: &Tensor, time: &Tensor, pass: &Pass) -> Tensor {
        let bias = self.time[1].forward(&self.time[0].forward(time, pass).silu(), pass);
        self.blocks.iter().fold(x + bias.unsqueeze(-1).unsqueeze(-1), |x, block| {
            let x = match &block.norm {
                Some([weight, bias]) => x.layer_norm(weight.size(), Some(weight), Some(bias), 1e-5, true),
                None => x,
            };
            block.convs.iter().fold(x, |x, conv| conv.forward(&x, pass).silu())
        })
    }
}

/// A transposed convolution, which is not among the workspace's layers. Its stride is half its kernel size.
#[derive(Debug)]
struct ConvTranspose2d {
    weight: Tensor,
    bias: Tensor,
}

impl ConvTranspose2d {
    fn new(mut scope: Scope, channels: i64, kernel: i64) -> Result<Self, Error> {
        let init = Init::Uniform(1.0 / ((channels * kernel * kernel) as f64).sqrt());
        let weight = scope.trained("weight", &[channels, channels, kernel, kernel], init)?;
        Ok(Self { weight, bias: scope.trained("bias", &[channels], init)? })
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        let half = self.weight.size()[2] / 2;
        let (stride, padding) = ([half; 2], [half - 1; 2]);
        x.conv_transpose2d(&self.weight, Some(&self.bias), stride, padding, [0, 0], 1, [1, 1])
    }
}
