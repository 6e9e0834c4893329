using System.IO.Hashing;
using ArrowQuant.Errors;
using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Pipeline.Resuming;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Running;

/// <summary>
/// One layer in one attempt: makes its choices once, on a row sample, then quantizes block after block, from any thread and in any order.
/// </summary>
internal sealed class LayerJob : IDisposable
{
    private delegate void PieceWork(ReadOnlySpan<float> weights, int row, ReadOnlySpan<byte> ahead);

    private readonly MatrixReader _reader;
    private readonly LayerRequest _request;
    private Lazy<PreparedLayer> _prepared;
    private readonly LayerIdentity? _identity;
    private readonly IFinishedBlocks? _finished;
    private readonly PhaseTimes _times;
    private PreparedLayer? _taken;

    /// <summary>Prepares a layer; nothing is read yet.</summary>
    /// <param name="reader">Reads its rows.</param>
    /// <param name="request">What its choices are made from; the sample is read here.</param>
    /// <param name="times">Told how long reading and quantizing take.</param>
    /// <param name="identity">What its blocks depend on; null when none are taken over or kept.</param>
    /// <param name="finished">Has blocks that need not be quantized again, and keeps others; null for none.</param>
    public LayerJob(
        MatrixReader reader, LayerRequest request, PhaseTimes times, LayerIdentity? identity = null, IFinishedBlocks? finished = null)
    {
        CheckColumns(reader);
        _reader = reader;
        _request = request;
        _times = times;
        _identity = identity;
        _finished = finished;
        _prepared = new Lazy<PreparedLayer>(() => LayerPreparation.Prepare(request));
    }

    /// <summary>Bits per code.</summary>
    public int BitWidth => _request.BitWidth;

    /// <summary>Whether the layer is fitted to its inputs.</summary>
    public bool IsCalibrated => _request.Recipe.IsCalibrated;

    /// <summary>The choices: those of a block that was taken over, else made when they are first asked for. Both are the same.</summary>
    public PreparedLayer Prepared => _prepared.IsValueCreated ? _prepared.Value : _taken ?? _prepared.Value;

    /// <summary>Quantizes the rows of one block, or takes over what an earlier run made of them.</summary>
    public QuantizedRows Quantize(long rowStart, int rowCount, BlockBuffers buffers, BlockPool pool) =>
        _finished is null ? QuantizeInParts(rowStart, rowCount, buffers, pool) : QuantizeOrTake(rowStart, rowCount, buffers, pool);

    // A few rows are read, hashed and quantized before the next ones are read, so that they stay in a cache of the worker's own.
    private QuantizedRows QuantizeInParts(long rowStart, int rowCount, BlockBuffers buffers, BlockPool pool)
    {
        long began = _times.Begin();
        PreparedLayer prepared = _prepared.Value;
        QuantizedBlock block = pool.Rent(prepared.Format, rowStart, rowCount);
        RowMeasures measures = NewMeasures(prepared);
        RowQuantizer quantizer = prepared.NewQuantizer(_request.Kernels);
        PieceWork work = (weights, row, ahead) => quantizer.Quantize(weights, block, row, measures, ahead);
        XxHash128 hash = new();
        int pieceRows = WeightConverter.RowsPerPiece(_request.Columns, prepared);
        int partRows = WeightConverter.RowsPerPart(_reader.RowBytes, pieceRows);
        began = _times.End(RunPhase.Quantize, began);
        for (int row = 0; row < rowCount; row += partRows)
        {
            int rows = Math.Min(partRows, rowCount - row);
            Span<byte> source = buffers.Source(_reader.RowBytes * rows);
            _reader.ReadRows(rowStart + row, rows, source);
            began = _times.End(RunPhase.Read, began);
            hash.Append(source);
            began = _times.End(RunPhase.Hash, began);
            ForEachPiece(source, rowStart, row, rows, pieceRows, buffers, work);
            began = _times.End(RunPhase.Quantize, began);
        }

        return new QuantizedRows(block, measures, hash.GetCurrentHashAsUInt128());
    }

    // Whether there is a finished block is known by the hash of the whole source.
    private QuantizedRows QuantizeOrTake(long rowStart, int rowCount, BlockBuffers buffers, BlockPool pool)
    {
        long began = _times.Begin();
        Span<byte> source = buffers.Source(_reader.RowBytes * rowCount);
        _reader.ReadRows(rowStart, rowCount, source);
        began = _times.End(RunPhase.Read, began);
        UInt128 sourceHash = XxHash128.HashToUInt128(source);
        began = _times.End(RunPhase.Hash, began);
        FinishedBlock? finished = _finished!.TryTake(_identity!, rowStart, rowCount, sourceHash);
        if (finished is not null) _taken ??= finished.Choices;
        PreparedLayer prepared = finished?.Choices ?? _prepared.Value;
        QuantizedBlock block = finished?.Block ?? pool.Rent(prepared.Format, rowStart, rowCount);
        RowMeasures measures = finished?.Measures ?? NewMeasures(prepared);
        if (finished?.Measures is null)
        {
            RowQuantizer quantizer = prepared.NewQuantizer(_request.Kernels);
            ForEachPiece(
                source, rowStart, 0, rowCount, WeightConverter.RowsPerPiece(_request.Columns, prepared), buffers,
                finished is null
                    ? (weights, row, ahead) => quantizer.Quantize(weights, block, row, measures, ahead)
                    : (weights, row, _) => quantizer.MeasureFinished(weights, block, row, measures));
        }

        var result = new QuantizedRows(block, measures, sourceHash);
        if (finished is null) _finished.Keep(_identity!, prepared, result);
        _times.End(RunPhase.Quantize, began);
        return result;
    }

    /// <summary>Gives back what the layer's choices hold.</summary>
    public void Dispose()
    {
        if (_prepared.IsValueCreated) _prepared.Value.Dispose();
        _taken?.Dispose();

        // The job itself lives until the pass ends; Hessians and calibration rows must not.
        _prepared = new Lazy<PreparedLayer>(() => throw new ObjectDisposedException(_request.Name));
        _taken = null;
    }

    /// <summary>Reads the row sample of a layer, piece by piece; with <paramref name="tiles"/> by whole tiles of a trellis.</summary>
    public static void ReadSample(KernelSet kernels, MatrixReader reader, bool tiles, SampleConsumer consume)
    {
        MatrixView view = reader.View;
        int columns = (int)view.Columns;
        int sample = GridChooser.SampleCount(view.Rows);
        int pieceRows = Math.Min(sample, WeightConverter.RowsPerPiece(columns, false, tiles));
        byte[] bytes = new byte[pieceRows * reader.RowBytes];
        float[] weights = new float[(long)pieceRows * columns];
        for (int first = 0; first < sample; first += pieceRows)
        {
            int rows = Math.Min(pieceRows, sample - first);
            for (int r = 0; r < rows; r++)
                reader.ReadRows(
                    GridChooser.SampleRow(view.Rows, first + r), 1, bytes.AsSpan((int)(r * reader.RowBytes), (int)reader.RowBytes));
            int begin = first;
            consume(WeightConverter.Convert(
                kernels, reader, r => GridChooser.SampleRow(view.Rows, begin + r),
                bytes.AsSpan(0, (int)(rows * reader.RowBytes)), weights.AsSpan(0, rows * columns)));
        }
    }

    private static RowMeasures NewMeasures(PreparedLayer layer) => new(layer.Correction?.HeldOut.Samples.GroupCount ?? 0);

    // Converts the source of rows [firstRow, firstRow + rowCount) of a block piece by piece.
    private void ForEachPiece(
        ReadOnlySpan<byte> source, long rowStart, int firstRow, int rowCount, int pieceRows, BlockBuffers buffers, PieceWork work)
    {
        int rowBytes = (int)_reader.RowBytes;
        long first = 0;
        Func<int, long> rowOf = r => first + r;
        for (int row = 0; row < rowCount; row += pieceRows)
        {
            int rows = Math.Min(pieceRows, rowCount - row);
            first = rowStart + firstRow + row;
            ReadOnlySpan<float> weights = WeightConverter.Convert(
                _request.Kernels, _reader, rowOf, source.Slice(row * rowBytes, rows * rowBytes),
                buffers.Weights((long)rows * _request.Columns));
            ReadOnlySpan<byte> ahead = source[((row + rows) * rowBytes)..];
            work(weights, firstRow + row, ahead[..Math.Min(ahead.Length, rows * rowBytes)]);
        }
    }

    private static void CheckColumns(MatrixReader reader)
    {
        if (reader.View.Columns <= int.MaxValue) return;
        throw new ModelFormatException(
            $"{reader.Tensor.FilePath}: tensor {reader.Tensor.FullName} has matrix rows of {reader.View.Columns} weights; "
            + $"at most {int.MaxValue} are supported")
        {
            FilePath = reader.Tensor.FilePath,
            TensorName = reader.Tensor.FullName,
        };
    }
}
