using ArrowQuant.Kernels;
using ArrowQuant.Sources;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Exports.SafeTensors;

/// <summary>Decodes a written file and compares it with the artefact.</summary>
internal sealed class SafeTensorsVerifier : IDisposable
{
    // Rounding to 8 bits of mantissa is far below; only values that became 0 or infinite are above.
    private const double RangeError = 0.1;

    private readonly ExportJob _job;
    private readonly SafeTensorsFile _file;
    private readonly Dictionary<string, SafeTensorsEntry> _entries;

    public SafeTensorsVerifier(ExportJob job, string path)
    {
        _job = job;
        _file = SafeTensorsFile.Open(path);
        _entries = _file.Header.Entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
    }

    /// <summary>Compares one tensor.</summary>
    /// <exception cref="Errors.ResourceException">A kept tensor has other bytes.</exception>
    public ExportedTensor Verify(StoredLayer layer)
    {
        IReadOnlyList<TargetTensor> targets = TargetTensor.Of(layer, _job.Options);
        DecodedComparison comparison = new();
        string storedAs = targets[0].Type.SafeTensorsName();
        if (layer.IsKept) CompareKept(layer);
        else if (targets.Count == 1) CompareValues(layer, comparison);
        else
        {
            ComparePacked(layer, comparison);
            storedAs = $"int{layer.BitWidth} packed, {_job.Options.Dtype.SafeTensorsName()} scales";
        }

        if (!(comparison.RelativeError < RangeError)) throw ExportFault.OutOfRange(layer, _job.Options.Dtype);
        return ExportedTensor.Of(layer, storedAs, comparison, targets.Sum(target => target.Bytes), NoteOf(layer, targets));
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private string? NoteOf(StoredLayer layer, IReadOnlyList<TargetTensor> targets) =>
        !layer.IsKept && targets.Count == 1 && _job.Options.Packing == ExportPacking.CompressedTensors ? PackedLayer.Refusal(layer) : null;

    private void CompareKept(StoredLayer layer)
    {
        long offset = 0;
        for (int i = 0; i < layer.Blocks.Count; i++)
        {
            byte[] expected = _job.Artefact.ReadKept(layer, i);
            if (!Read(layer.Name, offset, expected.Length).AsSpan().SequenceEqual(expected))
                throw ExportFault.OtherBytes(_file.Path, layer);
            offset += expected.Length;
        }
    }

    private void CompareValues(StoredLayer layer, DecodedComparison comparison)
    {
        int size = _job.Options.Dtype.BitSize() / 8;
        long offset = 0;
        foreach (WeightPiece piece in WeightPiece.Of(_job.Artefact, layer, _job.CancellationToken))
        {
            comparison.Add(piece.Values, ReadFloats(layer.Name, offset, piece.Values.Length));
            offset += (long)size * piece.Values.Length;
        }
    }

    private void ComparePacked(StoredLayer layer, DecodedComparison comparison)
    {
        PackedLayer packed = PackedLayer.Of(layer, _job.Options.Dtype);
        int columns = (int)layer.View.Columns, groups = (int)packed.Scale.Shape.Dimensions[1];
        int rowBytes = (int)(packed.Packed.Bytes / layer.View.Rows), scaleBytes = (int)(packed.Scale.Bytes / layer.View.Rows);
        byte[] zeroPoints = Read(packed.ZeroPoint.Name, 0, (int)packed.ZeroPoint.Bytes);
        float[] decoded = new float[columns];
        int row = 0;
        foreach (WeightPiece piece in WeightPiece.Of(_job.Artefact, layer, _job.CancellationToken))
        {
            for (int first = 0; first < piece.Values.Length; first += columns, row++)
            {
                byte[] words = Read(packed.Packed.Name, (long)row * rowBytes, rowBytes);
                packed.Decode(row, words, zeroPoints, ReadFloats(packed.Scale.Name, (long)row * scaleBytes, groups), decoded);
                comparison.Add(piece.Values.AsSpan(first, columns), decoded);
            }
        }
    }

    private byte[] Read(string name, long offset, int count)
    {
        byte[] bytes = new byte[count];
        _file.Read(_entries[name], offset, bytes);
        return bytes;
    }

    private float[] ReadFloats(string name, long offset, int count)
    {
        float[] values = new float[count];
        FloatFormat format = ElementTypeFormats.FormatOf(_entries[name].ElementType);
        FloatConversion.ToSingle(format, Read(name, offset, count * FloatConversion.ByteSize(format)), values);
        return values;
    }
}
