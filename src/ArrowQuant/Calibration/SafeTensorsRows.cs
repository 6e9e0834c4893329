using ArrowQuant.Kernels;
using ArrowQuant.Sources;
using ArrowQuant.Tensors;

namespace ArrowQuant.Calibration;

/// <summary>Rows in one <c>&lt;layer&gt;.input</c> tensor of a safetensors file.</summary>
internal sealed class SafeTensorsRows(SafeTensorsEntry entry) : ActivationRows
{
    /// <inheritdoc/>
    public override void Visit(ReadOnlySpan<int> rows, RowVisitor visit)
    {
        int[] wanted = rows.ToArray();
        CalibrationFailure.Map(FilePath, () =>
        {
            Read(wanted, visit);
            return true;
        });
    }

    private void Read(ReadOnlySpan<int> rows, RowVisitor visit)
    {
        using SafeTensorsFile file = SafeTensorsFile.Open(FilePath);
        if (!file.Header.Entries.Contains(entry)) throw CalibrationFailure.Error(FilePath, "changed while it was used", entry.Name);
        FloatFormat format = ElementTypeFormats.FormatOf(entry.ElementType);
        int rowBytes = checked(Features * FloatConversion.ByteSize(format));
        int blockRows = Math.Max(1, BufferBytes / Math.Max(1, rowBytes));
        byte[] bytes = new byte[rowBytes * Math.Min(blockRows, Count)];
        float[] values = new float[Features];
        for (int i = 0; i < rows.Length;)
        {
            // One read serves the rows from here on that fit in the buffer.
            int first = rows[i];
            int end = i;
            while (end < rows.Length && rows[end] - first < blockRows) end++;
            Span<byte> block = bytes.AsSpan(0, (rows[end - 1] - first + 1) * rowBytes);
            file.Read(entry, (long)first * rowBytes, block);
            for (; i < end; i++)
            {
                FloatConversion.ToSingle(format, block.Slice((rows[i] - first) * rowBytes, rowBytes), values);
                visit(rows[i], values);
            }
        }
    }
}
