# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["badge"]
# # Unit 01: Convolutions
#
# After this lecture you can
# - say what a convolution layer computes, by hand and in code, and predict the size of its output;
# - explain why it replaces a fully connected layer on images, and what it takes for granted in return;
# - train a first network on handwritten digits, and check it before you trust it.
#
# **Time**: about two hours, experiments included. **Needed**: Python, arrays, and what a derivative is.
# Each section asks a question before it runs something. Answer it first: a wrong guess is remembered best. "The deck"
# stands for the lecture slides on which the unit builds; their figures are measured again here.

# %% tags=["setup"]
import cvcourse

cvcourse.setup(seed=0)

import torch
from scipy import ndimage
from scipy.signal import convolve2d, correlate2d
from scipy.special import stdtrit
from torch import nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from cvcourse import data, plotting
from cvcourse.figures import convolutions as figures
from cvcourse.models import MLP, count_parameters, layer_table
from cvcourse.results import results
from cvcourse.widgets import ConvolutionExplorer, ReceptiveFieldExplorer

# %% [markdown]
# ## 1. What computer vision asks of a network
#
# The tasks differ in what an answer looks like: one class for an image, a box for each object, a class for each pixel.
# Each answer says more than the one before it, and costs more to write down as a label.
#
# The first picture needs no network. A photograph minus a blurred copy of itself (a convolution), a threshold, and
# connected regions: methods of this kind are still in use where light and background are under control, because they
# are fast and every step can be explained. From the regions alone all the other answers follow.

# %% tags=["topic:A1"]
coins = data.photographs(["coins"], grey=True)["coins"][0].numpy()
bright = coins > ndimage.gaussian_filter(coins, sigma=30) + 0.05  # brighter than its surroundings
solid = ndimage.binary_fill_holes(ndimage.binary_closing(bright, iterations=2))
regions, count = ndimage.label(ndimage.binary_opening(solid, iterations=6))
boxes = [(rows.start, columns.start, rows.stop, columns.stop) for rows, columns in ndimage.find_objects(regions)]
caption = f"a photograph of {count} coins"
figures.task_answers(coins, regions, boxes, caption)

# %% [markdown]
# Three more tasks compare or make images. *Retrieval* ranks images by their likeness to a query. *Tracking* finds an
# object again in the next frame. *Generation* draws new images like those it has seen. Each is done here in its
# simplest form: distances between pixels, the place of the smallest distance, and random steps along the directions in
# which digits vary most.

# %% tags=["topic:A1"]
views = [F.interpolate(torch.tensor(coins[t:b, s:e])[None, None], (48, 48))[0, 0] for t, s, b, e in boxes]
views = torch.stack([(view - view.mean()) / view.std() for view in views])
ranking = (views - views[9]).square().sum((1, 2)).argsort()[:4]  # coin 9 is the query: it comes first

frame = torch.tensor(coins).roll((11, -17), (0, 1))[None, None]  # the next frame: everything has moved
target = torch.tensor(coins[boxes[9][0] : boxes[9][2], boxes[9][1] : boxes[9][3]])[None, None]
distance = F.conv2d(frame.square(), torch.ones_like(target)) - 2 * F.conv2d(frame, target)
found = divmod(int(distance.argmin()), distance.shape[3])

digits = data.digits(source="embedded")
threes = digits.images[digits.labels == 3].flatten(1)
_, spread, directions = torch.pca_lowrank(threes, q=12)
drawn = threes.mean(0) + torch.randn(8, 12) * spread / len(threes) ** 0.5 @ directions.T
figures.likeness(views[ranking], frame[0, 0], boxes[9], found, drawn.view(8, 28, 28))

# %% [markdown]
# Classification is this unit and unit 02, localisation and detection unit 03, both segmentations unit 04 (Detectron2 is
# a library for these three), retrieval and tracking unit 06; unit 05 restores images. Captioning (LLaVA, Donut) and
# generation at full scale (StyleGAN, Stable Diffusion, DALL·E) use the same parts, but are not built here.
#
# ## 2. Images as tensors
#
# A tensor is an array with any number of axes: none for a scalar, one for a vector, two for a matrix. PyTorch's layers
# take images with four, in this order: **N** images, **C** channels, **H** rows, **W** columns.
#
# Files and matplotlib put the channels last, (H, W, C), and store bytes from 0 to 255; layers want channels first and
# floats, here always in [0, 1]. Most first bugs live on this border, and none of them raises an error: `reshape` where
# the axes have to be moved, arithmetic in bytes where 200 + 100 is 44, red taken for blue. The second cell makes them
# all.
#
# **Predict before you run:** a batch of 32 colour images of 128 rows and 96 columns has which shape?

# %% tags=["topic:A2", "nbval-check-output"]
shapes = {"scalar": (), "vector": (3,), "matrix": (28, 28), "image": (3, 128, 96), "batch": (32, 3, 128, 96)}
for name, shape in shapes.items():
    tensor = torch.zeros(shape)
    print(f"{name:7} {tensor.ndim} axes, shape {tuple(tensor.shape)!s:18} {tensor.numel():>9,} numbers")

# %% tags=["topic:A2", "nbval-check-output"]
stored = data.photographs(["coffee"], size=(128, 192), dtype=torch.uint8)["coffee"].permute(1, 2, 0)
image = stored.permute(2, 0, 1).float() / 255  # (H, W, C) bytes -> (C, H, W) floats
versions = {
    "permute: right": image,
    "reshape: garbled": stored.reshape(3, 128, 192),
    "bytes + 100: wraps": stored + 100,
    "floats + 0.39, clamped": (image + 100 / 255).clamp(0, 1),
    "channels reversed": image.flip(0),
}
figure = plotting.image_grid(
    list(versions.values()), list(versions), columns=5, size=1.8, title="One photograph, mistreated"
)
plotting.show(
    figure, alt="A cup of coffee: right, cut to pieces, with wrong colours, brightened, with red and blue swapped."
)
print("200 + 100 as bytes:", (torch.tensor([200], dtype=torch.uint8) + 100).item())

# %% [markdown]
# ## 3. A perceptron on handwritten digits
#
# Which digit is it? A multilayer perceptron wants a vector, so the 28 × 28 pixels are unfolded into 784 numbers; 128
# hidden units and ten outputs follow.

# %% tags=["topic:A6"]
train = data.digits(train=True, limit=cvcourse.by_budget(smoke=800, cpu=None))
test = data.digits(train=False, limit=cvcourse.by_budget(smoke=300, cpu=None))
full_size = len(train) > 10_000  # MNIST; the small embedded set is gone through more often
print(train, test, sep="\n")
figures.unfolded(train.images[0], int(train.labels[0]))

# %% tags=["topic:A6"]
torch.manual_seed(0)
perceptron = MLP(784, 128, 10)
epochs = cvcourse.by_budget(smoke=2, cpu=4 if full_size else 40)
cvcourse.fit(perceptron, train, test, epochs=epochs, lr=3e-3, schedule="onecycle", name="perceptron")
scores = {"perceptron": cvcourse.evaluate(perceptron, test)}
if cvcourse.budget() != "smoke":
    assert scores["perceptron"] >= (0.97 if full_size else 0.90), scores

# %% [markdown]
# On MNIST about 97 of 100 digits are right, the deck's figure. (The test images also give the validation curve. That is
# honest only because nothing is chosen by them.) So what is wrong with a perceptron?
#
# **It costs too much:** 100,352 weights between input and hidden layer, for tiny images. **It overfits** on account of
# that: the training curve ends above the other. **It loses what is local:** two neighbours in a column are 28 places
# apart in the bars above, and nothing tells the network that they belong together. Section 11 puts this to the test.
#
# **Predict before you run:** a layer joins all values of a 256 × 256 colour image to as many outputs. How many weights?
# And how many have 64 kernels of 3 × 3 on the same image?

# %% tags=["topic:A6", "topic:A7", "nbval-check-output"]
print(layer_table(perceptron, (1, 28, 28)))
values = 256 * 256 * 3
kernels = nn.Conv2d(3, 64, kernel_size=3, bias=False)
print(f"\nfully connected: ({values:,})^2 = {values**2:,} weights, {values**2 * 4 / 2**30:.0f} GiB as float32")
print(f"convolution:     64 * 3 * 3 * 3 = {count_parameters(kernels):,} weights, whatever the image's size")

# %% [markdown]
# ## 4. The convolution
#
# For functions of two variables, the convolution of an image $u$ with a kernel $h$ is
#
# $$[u * h](x, y) = \iint u(s, t)\, h(x - s, y - t)\, ds\, dt .$$
#
# On pixels the integral is a sum: lay the kernel over a region of the image, multiply cell by cell, add up, write the
# sum into the output, move on by one. The deck shows the first output, 16, and leaves eight question marks. (One slide
# has 1 for the 4 that begins the last row; no result of the deck depends on it.)
#
# The explorer below the numbers takes one region at a time: move `position`, or press play. The framed cells are the
# ones that the kernel meets. Then choose another kernel, type one of your own, and show a photograph.
#
# **Predict before you run:** work out the second output of the first row by hand.

# %% tags=["topic:B2", "topic:B4", "nbval-check-output"]
example = torch.tensor([[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [1, 2, 3, 4, 5], [4, 3, 1, 2, 5], [4, 5, 2, 1, 3]]).float()
plus = torch.tensor([[0, 1, 0], [1, 1, 1], [0, 1, 0]]).float()
region = example[0:3, 0:3]
print("first region times kernel:", (region * plus).int().tolist(), "sum:", int((region * plus).sum()))


def conv(image: torch.Tensor, kernel: torch.Tensor, **options) -> torch.Tensor:
    """`F.conv2d`, which wants (N, C, H, W) and (C_out, C_in, kH, kW), for one image (H, W) and one kernel (kH, kW)."""
    return F.conv2d(image[None, None], kernel[None, None], **options)[0, 0]


print("all nine:", conv(example, plus).int().tolist())
ConvolutionExplorer(example)

# %% [markdown]
# Which pixels feed which output? With indices: $O(i, j) = \sum_{a, b} I(i + a, j + b)\, H(a, b)$. Instead of following
# the indices, ask autograd: the gradient of one output with respect to the image is the kernel, at the place where it
# lay, and 0 elsewhere.

# %% tags=["topic:B4"]
seven = torch.rand(7, 7, requires_grad=True)
kernel = torch.arange(1.0, 10).reshape(3, 3)
conv(seven, kernel)[1, 3].backward()  # row 1, column 3 of a 5 x 5 output
figures.kernel_gradient(kernel, seven.grad, output=(1, 3))

# %% [markdown]
# ### Convolution or correlation?
#
# Compare the formulas: the integral has $h(x - s, y - t)$, the sum over indices $I(i + a, j + b)$. The integral runs
# through the kernel backwards. What frameworks call convolution is, strictly, a *correlation*. For learned kernels it
# makes no difference; they just come out flipped. It matters where a kernel is given, when you compare with scipy, and
# when you rely on $u * h = h * u$, which is true of the convolution only.
#
# **Predict before you run:** what does the centred delta (a single 1 in the middle) do to an image?

# %% tags=["topic:B1", "topic:B3", "nbval-check-output"]
rows = ["508781", "195077", "602466", "976684", "838513", "727010"]  # the 6 x 6 image of the deck
deck = torch.tensor([[float(digit) for digit in row] for row in rows])
delta = F.pad(torch.ones(1, 1), (1, 1, 1, 1))
slope = torch.tensor([[0.0, 0, 0], [-1, 0, 1], [0, 0, 0]])
answer = conv(deck, slope).numpy()
print("delta, first output:", int(conv(deck, delta)[0, 0]))
print("torch is scipy's correlation:", (answer == correlate2d(deck, slope, "valid")).all())
print("torch is scipy's convolution:", (answer == convolve2d(deck, slope, "valid")).all())
print("... with the kernel flipped: ", (answer == convolve2d(deck, slope.flip(0, 1), "valid")).all())
print("convolution commutes:", (convolve2d(deck, slope) == convolve2d(slope, deck)).all())
print("correlation commutes:", (correlate2d(deck, slope) == correlate2d(slope, deck)).all())

# %% [markdown]
# ### Kernels that see
#
# A kernel is a small picture of what it looks for. Equal positive weights average (blur); weights that add up to 0
# answer to change only (edges); the image plus its difference from its surroundings is sharper. People designed such
# kernels for decades. Nobody has to: given the photograph and its Sobel edges, gradient descent finds the nine numbers
# that lead from one to the other, starting from 0. "The kernels are learned" means no more than that.

# %% tags=["topic:B15"]
camera = data.photographs(["camera"], size=192, grey=True)["camera"][0]  # (192, 192)
sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
laplacian = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])
kernels = {"original": delta, "blur, 7 x 7": torch.ones(7, 7) / 49, "sharpen": delta - laplacian}
kernels |= {"Sobel, left to right": sobel, "Sobel, top to bottom": sobel.T, "Laplacian": laplacian}
seen = [conv(camera, kernel, padding="same") for kernel in kernels.values()]
seen[3:] = [edges / 2 + 0.5 for edges in seen[3:]]  # grey is 0
figure = plotting.image_grid(
    [picture.clamp(0, 1) for picture in seen], list(kernels), columns=3, size=2.1, vmin=0, vmax=1
)
plotting.show(figure, alt="A photographer with a camera: original, blurred, sharpened, and three kinds of edges.")

# %% tags=["topic:B15"]
patch = camera[30:94, 50:114]
learned = torch.zeros(3, 3, requires_grad=True)
optimizer = torch.optim.SGD([learned], lr=0.3, momentum=0.97)
for _ in range(400):
    loss = F.mse_loss(conv(patch, learned), conv(patch, sobel))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(f"loss {loss.item():.1e}, largest error of a weight {(learned - sobel).abs().max():.3f}")
figure = plotting.matrices([sobel, learned], ["Sobel's kernel", "learned"], form="{:.2f}", cell=0.5)
plotting.show(figure, alt="The Sobel kernel and the learned one: nearly the same nine numbers.")

# %% [markdown]
# ## 5. How large is the output?
#
# A kernel of size $k$ with dilation $d$ spans $d(k - 1) + 1$ pixels. In an input of size $n$ with $p$ pixels of padding
# on either side, its first position is free; then it moves on by the stride $s$ as long as it fits:
#
# $$n_\text{out} = \left\lfloor \frac{n + 2p - d(k - 1) - 1}{s} \right\rfloor + 1 .$$
#
# The floor matters: what is left over at the right and bottom border is never seen. AlexNet's first layer ($k = 11$,
# $s = 4$) fits an image of 227 pixels. With 224, which one of the decks (and the paper) gives, a quarter of a step is
# left over.
#
# Names for common choices: *valid* (no padding), *same* (output as large as input; with stride 1 and an odd kernel
# $p = d(k - 1) / 2$), *full* ($p = k - 1$: every overlap counts). A *dilated* (atrous) kernel has gaps: it sees further
# with the same nine weights. In the figure, the blue frame is the image, and the red cells are what the kernel meets at
# one of its positions.
#
# **Predict before you run:** the sizes for 227 and for 224. Which padding keeps the size with $k = 5$?

# %% tags=["topic:B5", "nbval-check-output"]
print("   n   k  s  p  d   output")
settings = [(5, 3, 1, 0, 1), (227, 11, 4, 0, 1), (224, 11, 4, 0, 1), (28, 5, 1, 2, 1), (7, 3, 1, 0, 2), (7, 3, 1, 0, 3)]
for n, k, s, p, d in settings:
    layer = nn.Conv2d(1, 1, k, stride=s, padding=p, dilation=d, device="meta")  # shapes without numbers
    print(f"{n:4} {k:3} {s:2} {p:2} {d:2}   {layer(torch.empty(1, 1, n, n, device='meta')).shape[-1]:4}")

# %% tags=["topic:B9", "topic:B10"]
settings = {"valid": (0, 1, 1), "same": (1, 1, 1), "full": (2, 1, 1), "stride 2": (1, 2, 1), "dilation 2": (1, 1, 2)}
for name, (p, s, d) in settings.items():
    output = conv(torch.zeros(5, 5), torch.ones(3, 3), padding=p, stride=s, dilation=d)
    settings[name] = (p, s, d, len(output))
figures.windows(settings)

# %% [markdown]
# What is in the padding? Zeros are the default, and to a kernel their border looks like an edge. The alternatives
# repeat the border pixel, mirror the image without repeating the border, or go on at the other side as if it lay on a
# torus.

# %% tags=["topic:B9", "topic:B10", "nbval-check-output"]
modes = {"zeros": "constant", "replicate": "replicate", "reflect": "reflect", "circular": "circular"}
padded = {name: F.pad(deck[None, None], (1, 1, 1, 1), mode)[0, 0] for name, mode in modes.items()}
figures.paddings(padded, padding=1)

small = torch.tensor([[4.0, 3, 2], [2, 3, 4], [3, 1, 2]])
print("3 x 3 image, padding 1, plus-shaped kernel:", conv(small, plus, padding=1).int().tolist())
apart = torch.kron(plus, torch.tensor([[1.0, 0], [0, 0]]))[:5, :5]  # the plus with zeros between its entries
print("dilation 2 is that 5 x 5 kernel:", torch.equal(conv(deck, plus, dilation=2), conv(deck, apart)))

# %% [markdown]
# ## 6. Channels
#
# A colour image has three channels, a hidden layer as many as one likes. A layer with $C_\text{in}$ input and
# $C_\text{out}$ output channels holds one kernel for every pair. For image $i$ and output channel $j$,
#
# $$\text{out}(N_i, C_j) = \text{bias}(C_j) + \sum_{k=0}^{C_\text{in} - 1} \text{weight}(C_j, k) \star \text{input}(N_i, k) .$$
#
# A 1 × 1 convolution looks at one pixel and all its channels: a fully connected layer applied to every pixel alike. It
# keeps the space and mixes the depth, and is the cheap way to change the number of channels.
#
# **Predict before you run:** AlexNet's first layer has 96 kernels of 11 × 11 on a colour image. How many weights?

# %% tags=["topic:B6", "topic:B8", "nbval-check-output"]
torch.manual_seed(0)
layer = nn.Conv2d(3, 8, kernel_size=5)
x = torch.rand(2, 3, 32, 48)
by_hand = layer.bias[2] + sum(F.conv2d(x[:, k : k + 1], layer.weight[2:3, k : k + 1]) for k in range(3))
print(f"input {tuple(x.shape)}, weight {tuple(layer.weight.shape)}, output {tuple(layer(x).shape)}")
print("channel 2 is a bias and three correlations:", torch.allclose(layer(x)[:, 2:3], by_hand, atol=1e-5))
alexnet = nn.Conv2d(3, 96, kernel_size=11, stride=4)
print(f"AlexNet's first layer: {alexnet.weight.numel():,} weights, {alexnet.weight.numel() * 55 * 55:,} multiply-adds")

# %% tags=["topic:B16", "topic:B8", "nbval-check-output"]
mix = nn.Conv2d(8, 4, kernel_size=1)
features = torch.rand(2, 8, 5, 6)
per_pixel = torch.einsum("oc,nchw->nohw", mix.weight[:, :, 0, 0], features) + mix.bias[:, None, None]
print("1 x 1 convolution is a linear layer on every pixel:", torch.allclose(mix(features), per_pixel, atol=1e-6))
print(f"shape {tuple(features.shape)} to {tuple(mix(features).shape)} with {count_parameters(mix)} parameters")
grouped = nn.Conv2d(96, 256, kernel_size=5, groups=2)  # two halves that do not see each other
print(f"AlexNet's second layer: {grouped.weight.numel():,} weights in two groups, {256 * 96 * 25:,} without")

# %% [markdown]
# ## 7. What a convolution is
#
# A convolution is linear: $h * (a u + b v) = a\, (h * u) + b\, (h * v)$. So it is a matrix, $h * x = Wx$ with the image
# unfolded into $x$. To find $W$, ask what the layer does to each basis image, a single 1 among zeros: the answers are
# its columns. For the Laplacian on a 6 × 6 image, $W$ has 16 rows and 36 columns.
#
# **Predict before you run:** how many of its 576 entries are not 0? How many *different* numbers does it hold?

# %% tags=["topic:B11", "topic:B12"]
basis = torch.eye(36).reshape(36, 1, 6, 6)
W = F.conv2d(basis, laplacian[None, None]).reshape(36, 16).T  # (16, 36)
figures.dense_and_shared(torch.randn(16, 36), W)

# %% tags=["topic:B11", "topic:B7", "nbval-check-output"]
print(f"{tuple(W.shape)}, {int((W != 0).sum())} of {W.numel()} entries not 0, values {W.unique().int().tolist()}")
same = F.conv2d(basis, laplacian[None, None], padding=1).reshape(36, 36)
print(f"with padding 1: {tuple(same.shape)}, {int((same != 0).sum())} not 0")
x = deck.clone().requires_grad_()
output = conv(x, laplacian)
print("first row:", output[0].int().tolist(), "Wx is the convolution:", torch.equal(W @ x.flatten(), output.flatten()))
upstream = torch.arange(16.0).reshape(4, 4)  # the gradient that arrives from the layers above
output.backward(upstream)
print("backward is W transposed:", torch.equal(x.grad.flatten(), W.T @ upstream.flatten()))
wide = F.conv_transpose2d(upstream[None, None], laplacian[None, None])[0, 0]
print("... which torch has as conv_transpose2d:", torch.equal(x.grad, wide))

# %% [markdown]
# See three things in the picture. **Sparse interactions:** an output depends on a neighbourhood only. **Parameter
# sharing:** every row holds the same numbers, moved. And out of sharing, **equivariance to translation**: shift the
# input, and the output shifts along, $f(\text{shift}(x)) = \text{shift}(f(x))$. Among all $16 \times 36$ matrices,
# training considers those of this form and no others: an *infinitely strong prior*, a belief that no data can change.
# It helps where it is true.
#
# **Predict before you run:** which of these layers are exactly equivariant? The shift is circular.

# %% tags=["topic:B12"]
torch.manual_seed(0)
x = torch.rand(1, 1, 16, 16, dtype=torch.float64)
ring, zeros = (nn.Conv2d(1, 4, 3, padding=1, padding_mode=mode).double() for mode in ("circular", "zeros"))
halving = nn.Conv2d(1, 4, 3, stride=2, padding=1, padding_mode="circular").double()
dense = nn.Sequential(nn.Flatten(), nn.Linear(256, 256), nn.Unflatten(1, (1, 16, 16))).double()
cases = {
    "circular\npadding": (ring, 4, 4),
    "zero\npadding": (zeros, 4, 4),
    "stride 2,\nshift 4": (halving, 4, 2),
    "stride 2,\nshift 1": (halving, 1, 0),
    "fully\nconnected": (dense, 4, 4),
}
gaps = {n: (f(x.roll(i, 3)) - f(x).roll(o, 3)).abs().max().item() for n, (f, i, o) in cases.items()}
assert [gap < 1e-12 for gap in gaps.values()] == [True, False, True, False, False]
title = "Shift first, or shift the output: does it make a difference?"
figure = plotting.bar_chart(gaps, title=title, ylabel="largest difference")
plotting.show(
    figure, alt="The difference is zero for circular padding and for stride 2 with an even shift, and large otherwise."
)

# %% [markdown]
# Zero padding breaks the equivariance at the borders, a stride breaks it for shifts that are not multiples of it, and a
# fully connected layer never had it.
#
# ## 8. Pooling and the receptive field
#
# A pooling layer takes the maximum or the mean of each window. It has no parameters; it makes the map smaller, which
# saves memory and work and lets the next layer see further, and it forgives small shifts. How forgiving is it? Shift
# digits by one pixel and compare what comes out before and after: the sum of the differences as a share of the whole.
#
# **Predict before you run:** does the mean or the maximum forgive more?

# %% tags=["topic:B13", "nbval-check-output"]
print("max 3 x 3, stride 1:     ", F.max_pool2d(example[None], 3, 1)[0].int().tolist())
print("mean 3 x 3, stride 1, * 9:", (F.avg_pool2d(example[None], 3, 1)[0] * 9).round().int().tolist())
print("max 2 x 2 of the 6 x 6:  ", F.max_pool2d(deck[None], 2)[0].int().tolist())
print("mean 2 x 2 of the 6 x 6: ", F.avg_pool2d(deck[None], 2)[0].tolist())

# %% tags=["topic:B13"]
layers = {"none": nn.Identity(), "mean 2 x 2": nn.AvgPool2d(2), "max 2 x 2": nn.MaxPool2d(2)}
layers |= {"mean 4 x 4": nn.AvgPool2d(4), "max 4 x 4": nn.MaxPool2d(4)}
before, after = test.images[:500], test.images[:500].roll(1, 3)
changes = {name: ((p(before) - p(after)).abs().sum() / p(before).sum()).item() for name, p in layers.items()}
figure = plotting.bar_chart(
    changes, title="How much of the output a shift by one pixel changes", ylabel="share", form="{:.2f}"
)
plotting.show(figure, alt="Without pooling a shift changes most; a window of 4 x 4 and the maximum change least.")

# %% [markdown]
# "Invariant to small translations" means: less sensitive, not insensitive.
#
# The **receptive field** of an output pixel is the part of the input that it can see. Go through the layers with two
# numbers: the field $r$, and the jump $j$, the distance in input pixels between neighbours at this depth. Both start at
# 1. A layer $(k, s, d)$ adds $(k - 1)\, d\, j$ to $r$ and multiplies $j$ by $s$. The cell goes through LeNet-5, and
# compares one layer of 7 × 7 with three of 3 × 3: the same field with 55 % of the weights, and two more nonlinearities.
# That is why all of VGG's convolutions are 3 × 3. Build a stack of your own below; the blue shade counts the ways that
# lead from the output to a pixel.
#
# To see is not yet to care. A pixel in the middle reaches the output along many ways, one in a corner along a single
# one. The *effective* receptive field is measured: the gradient of one output with respect to every input pixel, its
# size averaged over random inputs (Luo et al., 2016). In the second cell's figure, the frame is what the central output
# can see, the colour what it cares about.

# %% tags=["topic:B14", "nbval-check-output"]
print("5 x 5 convolution: field", field := 1 + 4 * 1, "jump 1")
print("2 x 2 pooling:     field", field := field + 1 * 1, "jump 2")
print("5 x 5 convolution: field", field := field + 4 * 2, "jump 2")
print("2 x 2 pooling:     field", field := field + 1 * 2, "jump 4")
seven, three = (count_parameters(nn.Conv2d(64, 64, size, bias=False)) for size in (7, 3))
print(f"7 x 7: field {1 + 6}, weights {seven:,}; three of 3 x 3: field {1 + 2 + 2 + 2}, weights {3 * three:,}")
ReceptiveFieldExplorer()

# %% tags=["topic:B14"]
torch.manual_seed(0)
sensitivity = []
for depth in (2, 5, 10):
    stack = nn.Sequential(*(nn.Sequential(nn.Conv2d(8 if i else 1, 8, 3, padding=1), nn.ReLU()) for i in range(depth)))
    noise = torch.rand(16, 1, 25, 25, requires_grad=True)
    stack(noise)[:, :, 12, 12].sum().backward()
    sensitivity.append(noise.grad.abs().mean((0, 1)) / noise.grad.abs().mean((0, 1)).max())
frames = [(12 - depth, 12 - depth, 2 * depth + 1, 2 * depth + 1) for depth in (2, 5, 10)]
names = ["2 layers", "5 layers", "10 layers"]
figure = plotting.heat_maps(sensitivity, names, outlines=frames, title="Gradient of the central output")
plotting.show(figure, alt="Gradients fill the theoretical field for 2 layers, and only its middle for 10 layers.")

# %% [markdown]
# ## 9. LeNet-5 on digits
#
# **The loss.** The label becomes a one-hot target $y$, the logits become probabilities $\hat y$ by softmax, and the
# cross-entropy of a batch $\mathbb{B}$ is
#
# $$L = -\sum_{m \in \mathbb{B}} \sum_{i=1}^{C} y_i^{(m)} \log \hat y_i^{(m)} ,$$
#
# which PyTorch divides by the batch size. Its gradient with respect to the logits is $\hat y - y$: what was said, minus
# what was right.
#
# **The network.** The typical pattern: convolution, activation, pooling, again; the resolution falls, the number of
# channels (the width) grows, and fully connected layers finish. The second cell is LeCun's network of 1998 in today's
# parts.
#
# **Predict before you run:** what is the loss of a network that finds all ten digits equally likely?

# %% tags=["topic:A4", "nbval-check-output"]
labels = torch.tensor([3, 0])
logits = torch.tensor([[1.0, 0, 2, 4, 0, 1, 0, 0, 0, 1], [0.0] * 10], requires_grad=True)
one_hot = F.one_hot(labels, num_classes=10)
by_hand = -(one_hot * logits.log_softmax(1)).sum(1)
F.cross_entropy(logits, labels).backward()
print("target of a 3:", one_hot[0].tolist())
print(
    "losses:", [round(loss, 4) for loss in by_hand.tolist()], "and ln 10 =", round(torch.tensor(10.0).log().item(), 4)
)
print("their mean is F.cross_entropy:", torch.allclose(by_hand.mean(), F.cross_entropy(logits, labels)))
print("the gradient is softmax minus target:", torch.allclose(2 * logits.grad, logits.softmax(1) - one_hot))


# %% tags=["topic:B17", "nbval-check-output"]
def lenet(pooling: type[nn.Module] = nn.MaxPool2d) -> nn.Sequential:
    """LeNet-5 with ReLU and a choice of pooling."""
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), pooling(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), pooling(2)),
        *(nn.Conv2d(16, 120, 5), nn.ReLU(), nn.Flatten()),
        *(nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )


print(layer_table(lenet(), (1, 28, 28)))

# %% [markdown]
# 40 % fewer parameters than the perceptron, and four times its work: shared weights are used often.
#
# **The pipeline** of the decks: (1) collect and preprocess; (2) choose the network; (3) check that the first loss is
# what ten equal chances give; (4) overfit 20 samples; and only then train. The two checks take a second and find most
# bugs: a softmax too many, labels that do not belong to their images, a learning rate off by a factor of ten.
#
# On MNIST, over three seeds, the perceptron is right on 97.4 ± 0.1 % and LeNet-5 on 98.9 ± 0.1 %: the errors are more
# than halved. Last come the kernels that the first layer learned, what they see, and some of the mistakes.

# %% tags=["topic:A3"]
twenty = (train.images[:20], train.labels[:20])
torch.manual_seed(0)
network = lenet()
history = cvcourse.fit(network, twenty, epochs=100, batch_size=20, lr=3e-3, report="none")
print(
    f"first loss {history.losses[0]:.3f}, last {history.losses[-1]:.4f}, right {cvcourse.evaluate(network, twenty):.0%}"
)
assert abs(history.losses[0] - 2.303) < 0.25 and history.losses[-1] < 0.1

# %% tags=["topic:A3", "topic:B17"]
torch.manual_seed(0)
network = lenet()
epochs = cvcourse.by_budget(smoke=2, cpu=3 if full_size else 40, gpu=4 if full_size else 40)
cvcourse.fit(network, train, test, epochs=epochs, lr=3e-3, schedule="onecycle", name="LeNet-5")
scores["LeNet-5"] = cvcourse.evaluate(network, test)
if cvcourse.budget() != "smoke":
    assert scores["LeNet-5"] >= (0.986 if full_size else 0.92), scores

# %% tags=["topic:B17", "topic:B15"]
network.to("cpu").eval()
with torch.inference_mode():
    maps = network[:2](test.images[:1])[0]  # (6, 28, 28)
    said = torch.cat([network(images).argmax(1) for images in test.images.split(1000)])
figure = plotting.image_grid(
    [*network[0].weight.detach(), *maps], columns=6, title="Six learned kernels, and what they see in a digit"
)
plotting.show(
    figure, alt="Six 5 x 5 kernels and their feature maps of one digit: strokes and edges in several directions."
)
wrong = (said != test.labels).nonzero().flatten()[:8]
titles = [f"{said[i]}, is {test.labels[i]}" for i in wrong]
figure = plotting.image_grid(test.images[wrong], titles, title="Taken for ... (the first mistakes on the test set)")
plotting.show(figure, alt=f"{len(wrong)} test digits that the network takes for another one; several are hard to read.")

# %% [markdown]
# ## 10. What matters in practice
#
# **Batch size.** The deck shows accuracy and training time over the batch size. Here: 10,000 images, two epochs (ten on
# the embedded set), Adam at a constant rate, one seed each.
#
# **Predict before you run:** which batch size is fastest, and which most accurate?

# %% tags=["topic:A8"]
some = (train.images[:10_000], train.labels[:10_000])
sweep_epochs = cvcourse.by_budget(smoke=1, cpu=2 if full_size else 10)
sizes = cvcourse.by_budget(smoke=(32, 256), cpu=(8, 32, 128, 512, 2048))
accuracy, seconds = [], []
for batch_size in tqdm(sizes, desc="batch sizes", leave=False):
    torch.manual_seed(0)
    tried = lenet()
    history = cvcourse.fit(tried, some, epochs=sweep_epochs, batch_size=batch_size, lr=1e-3, report="none")
    accuracy.append(cvcourse.evaluate(tried, test))
    seconds.append(history.seconds)
figures.batch_sizes(sizes, accuracy, seconds)

# %% [markdown]
# At a fixed number of epochs a large batch means few steps. It is not that large batches learn badly: 2048 of 10,000
# images make five steps an epoch, and those at the learning rate of the small batches.
#
# **Flipped images.** The deck's network falls from 0.9842 to 0.706 on flipped images and does not say how they were
# flipped. **Predict before you run:** what if all images are mirrored, and what if a random half is?

# %% tags=["topic:B18"]
coin = torch.rand(len(test), generator=torch.Generator().manual_seed(0)) < 0.5
half = torch.where(coin[:, None, None, None], test.images.flip(3), test.images)
views = {"upright": test.images, "half mirrored": half, "all mirrored": test.images.flip(3)}
views |= {"upside down": test.images.flip(2), "turned by 180°": test.images.flip(2, 3)}
flipped = {name: cvcourse.evaluate(network, (images, test.labels)) for name, images in views.items()}
figure = plotting.bar_chart(flipped, title="LeNet-5 on flipped test images", ylabel="accuracy", reference=0.706)
plotting.show(figure, alt="Accuracy: high upright, less with half of the images mirrored, low with all.")

# %% [markdown]
# A random half gives the deck's figure (dotted; over three seeds on MNIST 0.70 ± 0.01), all of them much less (0.40 ±
# 0.02). Equivariance to translation is not equivariance to anything else: a network knows a mirrored 3 only if it was
# shown some, and a mirrored 2 is no 2.
#
# **Average or maximum?** The deck has 0.9842 for the one and 0.9831 for the other, one run each. Ten thousand images
# alone make the difference of two such scores uncertain by $\pm 1.96 \sqrt{2 \cdot 0.984 \cdot 0.016 / 10000} = \pm
# 0.0035$, and other initial weights make other networks. So: several seeds, the same for both, and an interval.

# %% tags=["topic:B19"]
differences = []
for seed in tqdm(range(cvcourse.by_budget(smoke=2, cpu=5)), desc="seeds", leave=False):
    pair = []
    for pooling in (nn.AvgPool2d, nn.MaxPool2d):
        torch.manual_seed(seed)
        tried = lenet(pooling)
        cvcourse.fit(tried, some, epochs=sweep_epochs, lr=3e-3, schedule="onecycle", seed=seed, report="none")
        pair.append(cvcourse.evaluate(tried, test))
    differences.append(pair[1] - pair[0])
differences = torch.tensor(differences)
interval = float(stdtrit(len(differences) - 1, 0.975)) * differences.std().item() / len(differences) ** 0.5
figures.paired_differences(differences, differences.mean().item(), interval, elsewhere=0.9831 - 0.9842)

# %% [markdown]
# Short runs exaggerate: the mean learns more slowly at first. On all 60,000 images of MNIST, with three epochs and five
# seeds (`benchmarks/lecture_01.py`), the maximum is ahead by 0.0031, 95 % from 0.0021 to 0.0040: the opposite sign of
# the deck's difference, which as a single run could have said either. The interval speaks of other seeds on these test
# images; other images would widen it.
#
# ## 11. Scrambled pixels
#
# Take one permutation of the 784 pixels, the same for all images. To us the digits are gone.
#
# **Predict before you run:** what does this cost the perceptron, and what LeNet-5? (10,000 images, three epochs.)

# %% tags=["topic:A7"]
order = torch.randperm(784, generator=torch.Generator().manual_seed(0))
scrambled = [images.flatten(1)[:, order].view_as(images) for images in (some[0], test.images)]
scramble = {}
for name, make in {"perceptron": lambda: MLP(784, 128, 10), "LeNet-5": lenet}.items():
    for kind, (seen, asked) in {"": (some[0], test.images), ", scrambled": scrambled}.items():
        torch.manual_seed(0)
        tried = make()
        epochs = cvcourse.by_budget(smoke=1, cpu=3 if full_size else 20)
        cvcourse.fit(tried, (seen, some[1]), epochs=epochs, lr=3e-3, schedule="onecycle", report="none")
        scramble[name + kind] = cvcourse.evaluate(tried, (asked, test.labels))
figures.scrambling(test.images[0], scrambled[1][0], scramble)

# %% [markdown]
# The perceptron does not notice: to it, an image was a bag of numbers all along. LeNet-5 loses more than its lead. What
# it believes about images, that neighbours belong together and that a pattern means the same everywhere, is now false,
# and it cannot be talked out of it.
#
# ## What was measured

# %% tags=["topic:A6", "topic:B17"]
rows = [
    ("perceptron 784-128-10, accuracy", scores["perceptron"], "0.97 (deck); 0.953 for 784-300-10 (LeCun et al., 1998)"),
    ("LeNet-5, accuracy", scores["LeNet-5"], "0.9905 after 20 epochs (LeCun et al., 1998); 0.9842 (deck)"),
    ("LeNet-5, a random half mirrored", flipped["half mirrored"], "0.706 (deck, flipped images)"),
    ("LeNet-5, all mirrored", flipped["all mirrored"], ""),
    ("max minus average pooling, mean of the seeds", differences.mean().item(), "-0.0011 (deck, one run)"),
    ("perceptron, scrambled minus plain", scramble["perceptron, scrambled"] - scramble["perceptron"], ""),
    ("LeNet-5, scrambled minus plain", scramble["LeNet-5, scrambled"] - scramble["LeNet-5"], ""),
]
results(
    rows,
    note=f"{train.source} digits, {len(train):,} to train on and {len(test):,} to test, one seed but for the pooling",
)

# %% [markdown]
# ## Questions
#
# 1. A layer has kernel 4, stride 2 and padding 1. Which sizes does it halve exactly, and what happens to the others?
# 2. Why does circular padding make a convolution exactly equivariant, and why is it a poor choice for photographs?
# 3. $W$ has 80 entries that are not 0. Derive the number for a kernel with five non-zero weights on an $n \times n$ image.
# 4. Two networks have the same receptive field, one by depth, one by dilation. Which has the smaller effective field?
# 5. Training on randomly mirrored digits would lift the mirrored accuracy. What might it cost on upright ones, and why?
#
# ## Further reading
#
# - Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: *Gradient-based learning applied to document recognition*, 1998.
# - V. Dumoulin, F. Visin: *A guide to convolution arithmetic for deep learning*, 2016.
# - W. Luo, Y. Li, R. Urtasun, R. Zemel: *Understanding the effective receptive field in deep convolutional networks*, 2016.
# - R. Zhang: *Making convolutional networks shift-invariant again*, 2019.
# - I. Goodfellow, Y. Bengio, A. Courville: *Deep Learning*, chapter 9, 2016.
#
# Next: the assignment of this unit, in which you write these layers yourself.
