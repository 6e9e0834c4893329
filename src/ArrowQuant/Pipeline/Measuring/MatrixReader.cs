using ArrowQuant.Sources;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Measuring;

/// <summary>Reads rows of a tensor's matrix view as raw bytes, transposing where the row is dimension 1. Thread-safe.</summary>
internal sealed class MatrixReader(IModelSource source, TensorInfo tensor, MatrixView view)
{
    /// <summary>The tensor that is read.</summary>
    public TensorInfo Tensor => tensor;

    /// <summary>The matrix it is seen as.</summary>
    public MatrixView View => view;

    /// <summary>Bytes of one matrix row.</summary>
    public long RowBytes => view.Columns * tensor.ElementType.BitSize() / 8;

    /// <summary>Reads [rowCount, columns] elements, beginning at matrix row <paramref name="rowStart"/>.</summary>
    public void ReadRows(long rowStart, int rowCount, Span<byte> destination)
    {
        if (view.RowAxis == 0) source.Read(tensor, rowStart * RowBytes, destination);
        else ReadTransposed(rowStart, rowCount, destination);
    }

    // Shape [outer, rows, inner...]: the wanted rows lie together inside each outer slice.
    private void ReadTransposed(long rowStart, int rowCount, Span<byte> destination)
    {
        long outer = tensor.Shape.Dimensions[0];
        int inner = (int)(RowBytes / outer);
        byte[] slice = new byte[rowCount * inner];
        for (long o = 0; o < outer; o++)
        {
            source.Read(tensor, (o * view.Rows + rowStart) * inner, slice);
            for (int r = 0; r < rowCount; r++)
                slice.AsSpan(r * inner, inner).CopyTo(destination[(int)(r * RowBytes + o * inner)..]);
        }
    }
}
