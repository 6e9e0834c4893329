using ArrowQuant.Errors;
using ArrowQuant.Kernels;
using ArrowQuant.Storage;

namespace ArrowQuant.Runtime;

/// <summary>
/// A quantized model that a program calculates with. Opening reads footers and descriptions and proves that the artefact is complete;
/// weights are read on demand, from the row groups that hold them and no others. All members are thread-safe. Results do not depend on the
/// number of threads or on the processor.
/// </summary>
public sealed class QuantizedModel : IDisposable
{
    private readonly ArtefactReader _reader;
    private readonly KernelSet _kernels;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LayerMemory> _open = [];
    private bool _disposed;

    private QuantizedModel(ArtefactReader reader, KernelSet kernels, int threads)
    {
        _reader = reader;
        _kernels = kernels;
        Threads = threads == 0 ? Environment.ProcessorCount : threads;
    }

    /// <summary>The folder that was opened.</summary>
    public string Path => _reader.Folder;

    /// <summary>Threads that one product uses at most.</summary>
    public int Threads { get; }

    /// <summary>Every layer and kept tensor, in stored order; known without reading weights.</summary>
    public IReadOnlyList<StoredLayer> Layers => _reader.Layers;

    /// <summary>Opens an artefact folder, or the folder of one of its components.</summary>
    /// <param name="path">The folder that the quantizer wrote.</param>
    /// <param name="threads">Threads that opening and one product use at most, 0 or more; 0 is one for each processor.</param>
    /// <exception cref="ModelNotFoundException">The folder or a file that it lists does not exist.</exception>
    /// <exception cref="ModelFormatException">It is not an artefact, not complete, damaged, newer, or names something unknown.</exception>
    public static QuantizedModel Open(string path, int threads = 0) =>
        Open(path, threads, KernelSet.Create(Environment.GetEnvironmentVariable(KernelSet.EnvironmentVariable)));

    /// <summary>The same with chosen kernels.</summary>
    internal static QuantizedModel Open(string path, int threads, KernelSet kernels)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        return new QuantizedModel(ArtefactReader.Open(path, kernels, threads), kernels, threads);
    }

    /// <summary>
    /// A handle to a layer or kept tensor. Its packed weights are read by the first product and stay in memory, shared between all handles
    /// to the layer, until the last of them is disposed.
    /// </summary>
    /// <param name="layerName">The full name (<c>component/name</c> inside a component).</param>
    /// <exception cref="ArgumentException">There is no such layer.</exception>
    /// <exception cref="ModelFormatException">Its layout is unknown to this version.</exception>
    public QuantizedLayer GetLayer(string layerName)
    {
        ArgumentException.ThrowIfNullOrEmpty(layerName);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_open.TryGetValue(layerName, out LayerMemory? memory))
            {
                if (!_reader.TryGetLayer(layerName, out StoredLayer? layer))
                    throw new ArgumentException($"{Path} has no tensor {layerName}", nameof(layerName));
                memory = new LayerMemory(LayerDecoder.For(layer!, _reader, _kernels));
                _open.Add(layerName, memory);
            }

            memory.Handles++;
            return new QuantizedLayer(this, memory);
        }
    }

    /// <summary>Decodes a whole layer in the order of its shape; see <see cref="QuantizedLayer.Dequantize(Span{float})"/>.</summary>
    /// <param name="layerName">The full name.</param>
    /// <param name="destination">As many values as the layer has.</param>
    public void Dequantize(string layerName, Span<float> destination)
    {
        using QuantizedLayer layer = GetLayer(layerName);
        layer.Dequantize(destination);
    }

    /// <summary>The same, rounded to half precision.</summary>
    /// <param name="layerName">The full name.</param>
    /// <param name="destination">As many values as the layer has.</param>
    public void Dequantize(string layerName, Span<Half> destination)
    {
        using QuantizedLayer layer = GetLayer(layerName);
        layer.Dequantize(destination);
    }

    /// <summary>The same, rounded to bfloat16.</summary>
    /// <param name="layerName">The full name.</param>
    /// <param name="destination">As many values as the layer has; each the 16 bits of a bfloat16.</param>
    public void DequantizeBFloat16(string layerName, Span<ushort> destination)
    {
        using QuantizedLayer layer = GetLayer(layerName);
        layer.DequantizeBFloat16(destination);
    }

    /// <summary>Multiplies a layer with a vector; see <see cref="QuantizedLayer.MatVec"/>. Keep a handle to do it more than once.</summary>
    /// <param name="layerName">The full name.</param>
    /// <param name="activations">[columns].</param>
    /// <param name="outputs">[rows].</param>
    public void MatVec(string layerName, ReadOnlySpan<float> activations, Span<float> outputs)
    {
        using QuantizedLayer layer = GetLayer(layerName);
        layer.MatVec(activations, outputs);
    }

    /// <summary>Multiplies a layer with rows of activations; see <see cref="QuantizedLayer.MatMul"/>.</summary>
    /// <param name="layerName">The full name.</param>
    /// <param name="activations">[count, columns].</param>
    /// <param name="count">Rows of activations.</param>
    /// <param name="outputs">[count, rows].</param>
    public void MatMul(string layerName, ReadOnlySpan<float> activations, int count, Span<float> outputs)
    {
        using QuantizedLayer layer = GetLayer(layerName);
        layer.MatMul(activations, count, outputs);
    }

    /// <summary>Closes the files. Handles that are still there cannot be used any more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _open.Clear();
        }

        _reader.Dispose();
    }

    /// <summary>Throws when the model was disposed.</summary>
    internal void RequireOpen() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);

    /// <summary>A handle was disposed.</summary>
    internal void Release(LayerMemory memory)
    {
        lock (_lock)
        {
            if (--memory.Handles == 0) _open.Remove(memory.Decoder.Layer.FullName);
        }
    }
}
