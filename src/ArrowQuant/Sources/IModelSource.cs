using ArrowQuant.Tensors;

namespace ArrowQuant.Sources;

/// <summary>
/// A model opened for reading: its tensors in source order, what it says of itself, and the bytes of each tensor. Opening reads headers
/// only. All members are thread-safe; disposing closes the files. The files are never written to.
/// </summary>
public interface IModelSource : IDisposable
{
    /// <summary>The file or folder that the user named.</summary>
    string Path { get; }

    /// <summary>Every tensor, in source order (components one after the other).</summary>
    IReadOnlyList<TensorInfo> Tensors { get; }

    /// <summary>What the model says of itself and which files travel with it.</summary>
    ModelDescription Description { get; }

    /// <summary>
    /// Reads <paramref name="destination"/>.Length bytes of a tensor's little-endian values, beginning at <paramref name="byteOffset"/>.
    /// </summary>
    /// <param name="tensor">One of <see cref="Tensors"/>.</param>
    /// <param name="byteOffset">Offset in the tensor's values, 0 or more.</param>
    /// <param name="destination">Filled completely.</param>
    /// <exception cref="Errors.ModelFormatException">The file ends early or the stored values cannot be decoded.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the tensor.</exception>
    void Read(TensorInfo tensor, long byteOffset, Span<byte> destination);
}
