"""Pictures that answer to sliders. Each one also shows a still picture where no kernel runs."""

from cvcourse.widgets.convolution import ConvolutionExplorer
from cvcourse.widgets.receptive_field import ReceptiveFieldExplorer

__all__ = ["ConvolutionExplorer", "ReceptiveFieldExplorer"]
