using ArrowQuant.Kernels;
using ArrowQuant.Storage;

namespace ArrowQuant.Exports.Gguf;

/// <summary>
/// Writes one GGUF file, tensor by tensor. The type of a layer is found by writing it: when the smallest type turns out to be too far
/// off, the next is written over it. The header has the same length whatever the types are, so it is written last.
/// </summary>
internal sealed class GgufWriter : IDisposable
{
    private readonly FileStream _file;
    private readonly ExportJob _job;
    private readonly List<GgufTensor> _tensors = [];
    private readonly long _dataStart;

    /// <param name="path">The file.</param>
    /// <param name="job">The export.</param>
    /// <param name="headerBytes">Bytes of the header, padding included.</param>
    public GgufWriter(string path, ExportJob job, long headerBytes)
    {
        _file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16);
        _job = job;
        _dataStart = headerBytes;
        _file.Position = headerBytes;
    }

    /// <summary>What was written.</summary>
    public IReadOnlyList<GgufTensor> Tensors => _tensors;

    /// <summary>Writes a kept tensor.</summary>
    public void WriteKept(StoredLayer layer, IReadOnlyList<long> dimensions)
    {
        Begin(layer, dimensions, KeptConversion.TypeOf(layer));
        for (int i = 0; i < layer.Blocks.Count; i++)
        {
            _job.CancellationToken.ThrowIfCancellationRequested();
            _file.Write(KeptConversion.Convert(layer, _job.Artefact.ReadKept(layer, i)));
        }

        Pad();
    }

    /// <summary>Writes a quantized layer in the smallest type that is near enough.</summary>
    /// <returns>How far that is, and which type was refused before it with what error.</returns>
    public (double Error, string? Refused) WriteLayer(StoredLayer layer, IReadOnlyList<long> dimensions, TypeChoice choice)
    {
        long start = _file.Position;
        string? refused = null;
        foreach (IGgmlEncoder encoder in choice.Encoders)
        {
            _file.Position = start;
            GgufTensor tensor = Begin(layer, dimensions, encoder.Type);
            DecodedComparison comparison = new();
            foreach (WeightPiece piece in WeightPiece.Of(_job.Artefact, layer, _job.CancellationToken))
                _file.Write(Encode(encoder, piece, tensor.RowLength, comparison));
            double error = comparison.RelativeError;
            if (error <= choice.Limit || encoder == choice.Encoders[^1])
            {
                Pad();
                return (error, refused);
            }

            refused = FormattableString.Invariant($"{encoder.Type} would add {error:0.0e-0}, allowed {choice.Limit:0.0e-0}");
            _tensors.RemoveAt(_tensors.Count - 1);
        }

        throw new InvalidOperationException("the last type is always taken");
    }

    /// <summary>Writes the header and brings the file to the disk.</summary>
    public void Finish(GgufHeader header)
    {
        byte[] bytes = header.ToBytes(_tensors);
        if (bytes.Length != _dataStart) throw new InvalidOperationException($"the header has {bytes.Length} bytes, {_dataStart} were left for it");
        _file.SetLength(_file.Position);
        _file.Position = 0;
        _file.Write(bytes);
        _file.Flush(flushToDisk: true);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static byte[] Encode(IGgmlEncoder encoder, WeightPiece piece, int rowLength, DecodedComparison comparison)
    {
        int rowBytes = (int)encoder.Type.Bytes(rowLength);
        byte[] encoded = new byte[checked(piece.Values.Length / rowLength * rowBytes)];
        float[] decoded = new float[rowLength];
        byte[] codes = new byte[piece.Codes?.Format.Groups.Columns ?? 0];
        bool hasGrids = codes.Length == rowLength;
        for (int row = 0; row < piece.Values.Length / rowLength; row++)
        {
            ReadOnlySpan<float> values = piece.Values.AsSpan(row * rowLength, rowLength);
            Span<byte> target = encoded.AsSpan(row * rowBytes, rowBytes);
            if (hasGrids)
            {
                int packed = piece.Codes!.Format.Groups.RowBytes(piece.Codes.Format.BitWidth);
                Codes.Unpack(piece.Codes.Codes.AsSpan(row * packed, packed), piece.Codes.Format.BitWidth, codes);
                encoder.Encode(new GgmlRow(values, codes, piece.Codes, row), target);
            }
            else
            {
                encoder.Encode(new GgmlRow(values), target);
            }

            GgmlDecoder.Decode(encoder.Type, target, decoded);
            comparison.Add(values, decoded);
        }

        return encoded;
    }

    private GgufTensor Begin(StoredLayer layer, IReadOnlyList<long> dimensions, GgmlType type)
    {
        GgufTensor tensor = new(layer.Name, dimensions, type, _file.Position - _dataStart);
        _tensors.Add(tensor);
        return tensor;
    }

    private void Pad() => _file.Write(new byte[GgufHeader.Aligned(_file.Position) - _file.Position]);
}
