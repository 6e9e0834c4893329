namespace ArrowQuant.Calibration;

/// <summary>
/// Runs a model with some of its tensors replaced, so that each layer can be fitted to the inputs that it will really get: those that the
/// layers before it make once they are quantized. A run calls it from one thread.
/// </summary>
public interface IModelRunner
{
    /// <summary>
    /// Names of the weights whose inputs can be recorded, in forward order: the inputs of one depend on none that comes after it. Layers
    /// of the model that are not named here are quantized by their weights alone.
    /// </summary>
    IReadOnlyList<string> ForwardOrder { get; }

    /// <summary>
    /// Runs the model on the same inputs at every call (fixed seeds) and returns what one layer was given: the same rows, from the same
    /// places, in the same order, whatever is replaced.
    /// </summary>
    /// <param name="layer">A name of <see cref="ForwardOrder"/>.</param>
    /// <param name="replaced">
    /// Values of replaced tensors in the source's shape, row-major: decoded weights and corrected biases. Every other tensor is as in the
    /// source.
    /// </param>
    /// <param name="cancellationToken">Ends the run.</param>
    LayerInputs Record(string layer, IReadOnlyDictionary<string, ReadOnlyMemory<float>> replaced, CancellationToken cancellationToken);
}

/// <summary>What a layer was given while the model ran.</summary>
/// <param name="Rows">
/// [rows, features], row-major: one input vector of the layer in each row; of a convolution an unfolded patch in the order of the columns
/// of its weight.
/// </param>
/// <param name="Timesteps">The denoising timestep of each row, 0..1000000; of a masked text model its mask ratio in thousandths.</param>
public sealed record LayerInputs(ReadOnlyMemory<float> Rows, IReadOnlyList<int> Timesteps);
