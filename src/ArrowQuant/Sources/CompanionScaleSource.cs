using System.Runtime.InteropServices;
using ArrowQuant.Kernels;
using ArrowQuant.Tensors;

namespace ArrowQuant.Sources;

/// <summary>Presents FP8 weights that have companion scales as F32 weights, scales applied, and hides the companions.</summary>
internal sealed class CompanionScaleSource : IModelSource
{
    private const int ChunkValues = 4096;

    private readonly IModelSource _source;
    private readonly Dictionary<string, (TensorInfo Stored, CompanionScale Scale)> _scaled;

    private CompanionScaleSource(IModelSource source, Dictionary<string, (TensorInfo Stored, CompanionScale Scale)> scaled)
    {
        _source = source;
        _scaled = scaled;
        HashSet<string> companions = scaled.Values.Select(pair => pair.Scale.Scale.Name).ToHashSet(StringComparer.Ordinal);
        Tensors = [.. source.Tensors.Where(tensor => !companions.Contains(tensor.Name)).Select(Present)];
        (TensorInfo stored, CompanionScale scale) = scaled.Values.First();
        string more = scaled.Count > 1 ? ", ..." : "";
        string note = $"FP8 scales applied to {scaled.Count} weights and dropped ({stored.Name} * {scale.Scale.Name}{more})";
        Description = source.Description with { Notes = [.. source.Description.Notes, Printable.Of(note)] };
    }

    /// <inheritdoc/>
    public string Path => _source.Path;

    /// <inheritdoc/>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    /// <inheritdoc/>
    public ModelDescription Description { get; }

    /// <summary>Wraps a source when at least one of its weights has a companion; else returns it as it is.</summary>
    /// <exception cref="Errors.ModelFormatException">A weight has several companions, or one of a wrong type.</exception>
    /// <exception cref="Errors.ShapeMismatchException">A companion's shape does not fit its weight.</exception>
    public static IModelSource Wrap(IModelSource source)
    {
        Dictionary<string, TensorInfo> byName = source.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        Dictionary<string, (TensorInfo Stored, CompanionScale Scale)> scaled = new(StringComparer.Ordinal);
        foreach (TensorInfo tensor in source.Tensors)
        {
            if (CompanionScale.Of(tensor, byName, source) is { } scale) scaled.Add(tensor.Name, (tensor, scale));
        }

        return scaled.Count == 0 ? source : new CompanionScaleSource(source, scaled);
    }

    /// <inheritdoc/>
    public void Read(TensorInfo tensor, long byteOffset, Span<byte> destination)
    {
        if (!_scaled.TryGetValue(tensor.Name, out (TensorInfo Stored, CompanionScale Scale) weight))
        {
            _source.Read(tensor, byteOffset, destination);
            return;
        }

        ModelFile.ThrowIfOutside(tensor, byteOffset, destination.Length);
        ReadScaled(weight.Stored, weight.Scale, byteOffset, destination);
    }

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();

    private void ReadScaled(TensorInfo stored, CompanionScale scale, long byteOffset, Span<byte> destination)
    {
        FloatFormat format = ElementTypeFormats.FormatOf(stored.ElementType);
        byte[] codes = new byte[ChunkValues];
        float[] values = new float[ChunkValues];
        while (destination.Length > 0)
        {
            // A range may begin and end inside a value.
            (long first, long skipped) = Math.DivRem(byteOffset, sizeof(float));
            int count = (int)Math.Min(ChunkValues, (skipped + destination.Length + sizeof(float) - 1) / sizeof(float));
            _source.Read(stored, first, codes.AsSpan(0, count));
            Span<float> chunk = values.AsSpan(0, count);
            FloatConversion.ToSingle(format, codes.AsSpan(0, count), chunk);
            scale.Apply(first, chunk);
            Span<byte> bytes = LittleEndianBytes(chunk)[(int)skipped..];
            int length = Math.Min(bytes.Length, destination.Length);
            bytes[..length].CopyTo(destination);
            destination = destination[length..];
            byteOffset += length;
        }
    }

    private static Span<byte> LittleEndianBytes(Span<float> values)
    {
        if (!BitConverter.IsLittleEndian)
        {
            Span<int> bits = MemoryMarshal.Cast<float, int>(values);
            System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(bits, bits);
        }

        return MemoryMarshal.AsBytes(values);
    }

    private TensorInfo Present(TensorInfo tensor) => _scaled.ContainsKey(tensor.Name)
        ? tensor with { ElementType = ElementType.F32, ByteLength = checked(tensor.Shape.ElementCount * sizeof(float)) }
        : tensor;
}
