using System.IO.Hashing;
using ArrowQuant.Errors;
using ArrowQuant.Kernels;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Quality;
using ArrowQuant.Sources;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Measuring;

/// <summary>Measures stored layers against their original, in the arithmetic of a run, so that equal bytes give equal figures.</summary>
internal sealed class LayerMeasurement(KernelSet kernels, ArtefactReader reader)
{
    /// <summary>Checks what can be checked of a stored layer without its original.</summary>
    /// <param name="layer">The stored layer.</param>
    /// <param name="problems">Receives what is wrong with it.</param>
    /// <returns>The sum of the squares of the weights that a quantized layer decodes to; null when it cannot be read.</returns>
    public double? Check(StoredLayer layer, List<string> problems)
    {
        ErrorSums sums = default;
        try
        {
            float[] decoded = new float[layer.IsKept ? 0 : (int)layer.View.Columns];
            for (int i = 0; i < layer.Blocks.Count; i++)
            {
                if (!layer.IsKept)
                {
                    QuantizedBlock block = ReadBlock(layer, i, problems);
                    for (int row = 0; row < block.RowCount; row++)
                    {
                        // Against themselves, so that the squares are added in the arithmetic that a run adds them in.
                        BlockDecoder.Decode(kernels, block, row, 1, decoded);
                        BlockDecoder.AddErrors(kernels, block, row, decoded, ref sums);
                    }
                }
                else if (layer.Correction != BiasCorrection.Name) CheckKept(layer, i, reader.ReadKept(layer, i), problems);
                else reader.ReadKept(layer, i);
            }
        }
        catch (ModelFormatException error)
        {
            problems.Add(error.Message);
            return null;
        }

        return sums.Decoded;
    }

    /// <summary>Compares a kept tensor with its original byte by byte; returns what is wrong, or null.</summary>
    public string? CompareKept(StoredLayer layer, IModelSource original, TensorInfo tensor)
    {
        if (layer.DataBytes != tensor.ByteLength)
            return $"tensor {layer.FullName} holds {layer.DataBytes} bytes, the original {tensor.ByteLength}";
        bool isCorrected = layer.Correction == BiasCorrection.Name;
        if (isCorrected && !TakesUpShift(layer))
            return $"tensor {layer.FullName} has correction {BiasCorrection.Name}, but is not the bias of a quantized layer";
        long offset = 0;
        for (int i = 0; i < layer.Blocks.Count; i++)
        {
            byte[] stored = reader.ReadKept(layer, i);
            byte[] expected = new byte[stored.Length];
            original.Read(tensor, offset, expected);
            if (XxHash128.HashToUInt128(expected) != layer.Blocks[i].SourceHash)
            {
                return $"tensor {layer.FullName}: bytes {offset}..{offset + stored.Length - 1} of the original "
                    + "are not those that were kept";
            }
            // A bias that takes up the mean error of its layer differs on purpose; by how much is seen with calibration data.
            int same = isCorrected ? stored.Length : stored.AsSpan().CommonPrefixLength(expected);
            if (same < stored.Length) return $"tensor {layer.FullName} differs from the original at byte {offset + same}";
            offset += stored.Length;
        }

        return null;
    }

    /// <summary>Recomputes the figures of a quantized layer from its stored bytes and the original's weights.</summary>
    /// <param name="layer">The stored layer.</param>
    /// <param name="original">The original model.</param>
    /// <param name="tensor">The layer's tensor in it.</param>
    /// <param name="problems">Receives blocks whose source bytes have another hash than the artefact says.</param>
    public MeasuredLayer Measure(StoredLayer layer, IModelSource original, TensorInfo tensor, ICollection<string> problems)
    {
        var matrix = new MatrixReader(original, tensor, layer.View);
        int columns = (int)layer.View.Columns;
        int pieceRows = WeightConverter.RowsPerPiece(columns, false);
        using BlockBuffers buffers = new();
        ErrorSums sums = default;
        List<UInt128> hashes = [];
        for (int i = 0; i < layer.Blocks.Count; i++)
        {
            QuantizedBlock block = ReadBlock(layer, i, problems);
            Span<byte> source = buffers.Source(matrix.RowBytes * block.RowCount);
            matrix.ReadRows(block.RowStart, block.RowCount, source);
            hashes.Add(XxHash128.HashToUInt128(source));
            if (hashes[i] != layer.Blocks[i].SourceHash)
            {
                problems.Add(
                    $"layer {layer.FullName}: rows {block.RowStart}..{block.RowStart + block.RowCount - 1} of the original "
                    + "are not those that were quantized");
            }

            ErrorSums blockSums = default;
            for (int row = 0; row < block.RowCount; row += pieceRows)
            {
                int rows = Math.Min(pieceRows, block.RowCount - row);
                int first = row;
                ReadOnlySpan<float> weights = WeightConverter.Convert(
                    kernels,
                    matrix,
                    r => block.RowStart + first + r,
                    source.Slice((int)(row * matrix.RowBytes), (int)(rows * matrix.RowBytes)), buffers.Weights((long)rows * columns));
                BlockDecoder.AddErrors(kernels, block, row, weights, ref blockSums);
            }

            sums.Add(blockSums);
        }

        return new MeasuredLayer(layer, sums, SourceHash.Of(hashes));
    }

    private bool TakesUpShift(StoredLayer bias) =>
        reader.TryGetLayer(BiasCorrection.LayerNameOf(bias.FullName), out StoredLayer? layer) && !layer!.IsKept
        && bias.Shape.Rank == 1 && bias.Shape.ElementCount == layer.View.Rows;

    private static void CheckKept(StoredLayer layer, int block, byte[] values, List<string> problems)
    {
        if (XxHash128.HashToUInt128(values) != layer.Blocks[block].SourceHash)
            problems.Add($"tensor {layer.FullName}: its values at row {layer.Blocks[block].RowStart} have another hash than their source");
    }

    // What no writer writes and decoding would not notice: bits behind the last code of a row, levels in another order than their codes.
    private QuantizedBlock ReadBlock(StoredLayer layer, int index, ICollection<string> problems)
    {
        QuantizedBlock block = reader.ReadBlock(layer, index);
        GroupLayout groups = block.Format.Groups;
        int rowBytes = groups.RowBytes(block.Format.BitWidth);
        int used = groups.Columns * block.Format.BitWidth % 8;
        for (int row = 0; used > 0 && row < block.RowCount; row++)
        {
            if (block.Codes[(row + 1) * rowBytes - 1] >> used != 0)
                problems.Add($"layer {layer.FullName}: row {block.RowStart + row} has bits behind its last code");
        }

        int perGroup = block.Format.LevelsPerGroup;
        for (int i = perGroup; perGroup > 0 && i <= block.Levels.Length; i += perGroup)
        {
            (float coarse, float fine) = (block.Levels[i - 2], block.Levels[i - 1]);
            if (coarse >= fine && fine >= 0) continue;
            problems.Add(
                $"layer {layer.FullName}: block at row {block.RowStart}: levels {coarse} and {fine} do not ascend with their codes");
            break;
        }

        return block;
    }
}
