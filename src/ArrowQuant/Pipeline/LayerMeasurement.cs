using System.IO.Hashing;
using ArrowQuant.Errors;
using ArrowQuant.Kernels;
using ArrowQuant.Quality;
using ArrowQuant.Sources;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline;

/// <summary>Measures stored layers against their original, in the arithmetic of a run, so that equal bytes give equal figures.</summary>
internal sealed class LayerMeasurement(KernelSet kernels, ArtefactReader reader)
{
    /// <summary>Decodes a stored layer without an original, which checks its bytes; returns what is wrong with it, or null.</summary>
    public string? Decode(StoredLayer layer)
    {
        try
        {
            for (int i = 0; i < layer.Blocks.Count; i++)
            {
                if (layer.IsKept) reader.ReadKept(layer, i);
                else reader.ReadBlock(layer, i);
            }

            return null;
        }
        catch (ModelFormatException error)
        {
            return error.Message;
        }
    }

    /// <summary>Compares a kept tensor with its original byte by byte; returns what is wrong, or null.</summary>
    public string? CompareKept(StoredLayer layer, IModelSource original, TensorInfo tensor)
    {
        // A bias that takes up the mean error of its layer differs on purpose; its size must agree all the same.
        if (layer.Correction == BiasCorrection.Name)
        {
            return layer.DataBytes == tensor.ByteLength
                ? null
                : $"tensor {layer.FullName} holds {layer.DataBytes} bytes, the original {tensor.ByteLength}";
        }

        long offset = 0;
        for (int i = 0; i < layer.Blocks.Count; i++)
        {
            byte[] stored = reader.ReadKept(layer, i);
            byte[] expected = new byte[stored.Length];
            if (offset + stored.Length > tensor.ByteLength)
                return $"tensor {layer.FullName} holds more than the original's {tensor.ByteLength} bytes";
            original.Read(tensor, offset, expected);
            int same = stored.AsSpan().CommonPrefixLength(expected);
            if (same < stored.Length) return $"tensor {layer.FullName} differs from the original at byte {offset + same}";
            offset += stored.Length;
        }

        return offset == tensor.ByteLength ? null : $"tensor {layer.FullName} holds {offset} bytes, the original {tensor.ByteLength}";
    }

    /// <summary>Recomputes the figures of a quantized layer from its stored bytes and the original's weights.</summary>
    /// <param name="layer">The stored layer.</param>
    /// <param name="original">The original model.</param>
    /// <param name="tensor">The layer's tensor in it.</param>
    /// <param name="problems">Receives blocks whose source bytes have another hash than the artefact says.</param>
    public LayerFigures Measure(StoredLayer layer, IModelSource original, TensorInfo tensor, ICollection<string> problems)
    {
        var matrix = new MatrixReader(original, tensor, layer.View);
        int columns = (int)layer.View.Columns;
        int pieceRows = WeightConverter.RowsPerPiece(columns, false);
        using BlockBuffers buffers = new();
        float[] decoded = new float[columns];
        ErrorSums sums = default;
        for (int i = 0; i < layer.Blocks.Count; i++)
        {
            QuantizedBlock block = reader.ReadBlock(layer, i);
            Span<byte> source = buffers.Source(matrix.RowBytes * block.RowCount);
            matrix.ReadRows(block.RowStart, block.RowCount, source);
            if (XxHash128.HashToUInt128(source) != layer.Blocks[i].SourceHash)
            {
                problems.Add(
                    $"layer {layer.FullName}: rows {block.RowStart}..{block.RowStart + block.RowCount - 1} of the original "
                    + "are not those that were quantized");
            }

            ErrorSums blockSums = default;
            for (int row = 0; row < block.RowCount; row += pieceRows)
            {
                int rows = Math.Min(pieceRows, block.RowCount - row);
                Span<float> weights = buffers.Weights((long)rows * columns);
                int first = row;
                WeightConverter.Convert(
                    kernels,
                    matrix,
                    r => block.RowStart + first + r,
                    source.Slice((int)(row * matrix.RowBytes), (int)(rows * matrix.RowBytes)), weights);
                blockSums.Add(MeasureRows(block, row, weights, decoded));
            }

            sums.Add(blockSums);
        }

        return LayerFigures.From(sums);
    }

    private ErrorSums MeasureRows(QuantizedBlock block, int firstRow, ReadOnlySpan<float> weights, Span<float> decoded)
    {
        ErrorSums sums = default;
        for (int r = 0; r < weights.Length / decoded.Length; r++)
        {
            BlockDecoder.Decode(kernels, block, firstRow + r, 1, decoded);
            ErrorSums row = default;
            kernels.AddErrors(weights.Slice(r * decoded.Length, decoded.Length), decoded, ref row);
            sums.Add(row);
        }

        return sums;
    }
}
