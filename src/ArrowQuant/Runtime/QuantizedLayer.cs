using ArrowQuant.Errors;
using ArrowQuant.Kernels.Products;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Runtime;

/// <summary>
/// A layer, or a kept tensor, of an open model, seen as the matrix [rows, columns] that its outputs are made with: row = output channel,
/// columns = input channels (of a convolution [out, in, kh, kw] in * kh * kw). Thread-safe. Dispose it to give its memory back.
/// </summary>
public sealed class QuantizedLayer : IDisposable
{
    private const long WeightsOfAPart = 1 << 18;
    private const long ActivationsOfABatch = 1 << 24;

    private readonly QuantizedModel _model;
    private readonly LayerMemory _memory;
    private int _disposed;

    internal QuantizedLayer(QuantizedModel model, LayerMemory memory)
    {
        _model = model;
        _memory = memory;
    }

    /// <summary>What is stored of the layer: shape, bit width, layout, method, accuracy.</summary>
    public StoredLayer Info => _memory.Decoder.Layer;

    /// <summary>The full name (<c>component/name</c> inside a component).</summary>
    public string Name => Info.FullName;

    /// <summary>Rows of the matrix: values that a product gives.</summary>
    public int Rows => checked((int)Info.View.Rows);

    /// <summary>Columns of the matrix: values that a product takes.</summary>
    public int Columns => _memory.Decoder.Columns;

    /// <summary>Bytes of packed weights and grids in memory now; 0 before the first product.</summary>
    public long BytesInMemory => _memory.Bytes;

    /// <summary>
    /// Multiplies the layer with a vector, <c>y = W x</c>, without decoding it into memory; equalization is undone. Every output is one sum
    /// in single precision in a fixed order, the same on every processor and with any number of threads.
    /// </summary>
    /// <param name="activations">x, [columns].</param>
    /// <param name="outputs">Receives y, [rows]; must not overlap <paramref name="activations"/>.</param>
    /// <exception cref="ArgumentException">A length does not fit, or a kept tensor does not hold weights.</exception>
    /// <exception cref="ModelFormatException">The stored values are damaged.</exception>
    public void MatVec(ReadOnlySpan<float> activations, Span<float> outputs) => MatMul(activations, 1, outputs);

    /// <summary>Multiplies the layer with rows of activations, <c>Y = X W^T</c>: each as <see cref="MatVec"/> does, bit for bit.</summary>
    /// <param name="activations">X, [count, columns].</param>
    /// <param name="count">Rows of activations, 0 or more.</param>
    /// <param name="outputs">Receives Y, [count, rows]; must not overlap <paramref name="activations"/>.</param>
    /// <exception cref="ArgumentException">A length does not fit, or a kept tensor does not hold weights.</exception>
    /// <exception cref="ModelFormatException">The stored values are damaged.</exception>
    public void MatMul(ReadOnlySpan<float> activations, int count, Span<float> outputs)
    {
        RequireOpen();
        RequireWeights();
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        RequireLength(nameof(activations), activations.Length, (long)count * Columns, $"[{count}, {Columns}]");
        RequireLength(nameof(outputs), outputs.Length, (long)count * Rows, $"[{count}, {Rows}]");
        if (activations.Overlaps(outputs)) throw new ArgumentException("outputs must not overlap activations", nameof(outputs));
        if (Columns == 0) outputs.Clear();
        if (outputs.IsEmpty || Columns == 0) return;
        int atOnce = (int)Math.Max(1, ActivationsOfABatch / PackedOrder.PaddedLength(Columns));
        for (int first = 0; first < count; first += atOnce)
        {
            int now = Math.Min(atOnce, count - first);
            MultiplyBatch(activations.Slice(first * Columns, now * Columns), now, outputs.Slice(first * Rows, now * Rows));
        }
    }

    /// <summary>Decodes the whole layer in the element order of its shape; kept floating-point tensors are converted.</summary>
    /// <param name="destination">As many values as the layer has.</param>
    /// <exception cref="ArgumentException">The length does not fit, or a kept tensor does not hold weights.</exception>
    /// <exception cref="ModelFormatException">The stored values are damaged.</exception>
    public void Dequantize(Span<float> destination) => Fill<float, SingleElements>(0, Rows, destination, true);

    /// <summary>The same, rounded to half precision, ties to even; what is too large becomes an infinity.</summary>
    /// <param name="destination">As many values as the layer has.</param>
    /// <exception cref="ArgumentException">The length does not fit, or a kept tensor does not hold weights.</exception>
    /// <exception cref="ModelFormatException">The stored values are damaged.</exception>
    public void Dequantize(Span<Half> destination) => Fill<Half, HalfElements>(0, Rows, destination, true);

    /// <summary>The same, rounded to bfloat16, ties to even.</summary>
    /// <param name="destination">As many values as the layer has; each the 16 bits of a bfloat16.</param>
    /// <exception cref="ArgumentException">The length does not fit, or a kept tensor does not hold weights.</exception>
    /// <exception cref="ModelFormatException">The stored values are damaged.</exception>
    public void DequantizeBFloat16(Span<ushort> destination) => Fill<ushort, BFloat16Elements>(0, Rows, destination, true);

    /// <summary>Decodes rows of the matrix; only the row groups that hold them are read.</summary>
    /// <param name="rowStart">The first row.</param>
    /// <param name="rowCount">How many.</param>
    /// <param name="destination">Receives [rowCount, columns].</param>
    /// <exception cref="ArgumentException">The length does not fit, or a kept tensor does not hold weights.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rows leave the matrix.</exception>
    /// <exception cref="ModelFormatException">The stored values are damaged.</exception>
    public void DequantizeRows(int rowStart, int rowCount, Span<float> destination) =>
        Fill<float, SingleElements>(rowStart, rowCount, destination, false);

    /// <summary>The same, rounded to half precision, ties to even; what is too large becomes an infinity.</summary>
    /// <param name="rowStart">The first row.</param>
    /// <param name="rowCount">How many.</param>
    /// <param name="destination">Receives [rowCount, columns].</param>
    /// <exception cref="ArgumentException">The length does not fit, or a kept tensor does not hold weights.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rows leave the matrix.</exception>
    /// <exception cref="ModelFormatException">The stored values are damaged.</exception>
    public void DequantizeRows(int rowStart, int rowCount, Span<Half> destination) =>
        Fill<Half, HalfElements>(rowStart, rowCount, destination, false);

    /// <summary>The same, rounded to bfloat16, ties to even.</summary>
    /// <param name="rowStart">The first row.</param>
    /// <param name="rowCount">How many.</param>
    /// <param name="destination">Receives [rowCount, columns]; each the 16 bits of a bfloat16.</param>
    /// <exception cref="ArgumentException">The length does not fit, or a kept tensor does not hold weights.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rows leave the matrix.</exception>
    /// <exception cref="ModelFormatException">The stored values are damaged.</exception>
    public void DequantizeRowsBFloat16(int rowStart, int rowCount, Span<ushort> destination) =>
        Fill<ushort, BFloat16Elements>(rowStart, rowCount, destination, false);

    /// <summary>
    /// The stored form of the layer for Arrow: one batch per stored block, of one row each, with <c>row_start</c>, <c>row_count</c>,
    /// <c>data</c>, <c>scales</c>, <c>zero_points</c> and <c>levels</c> as docs/format.md describes them; what is the same in all of them
    /// is in the metadata of the schema. Codes and grids are those in memory, not copies: they live as long as the batch.
    /// </summary>
    /// <exception cref="ModelFormatException">The stored values are damaged.</exception>
    public IEnumerable<Apache.Arrow.RecordBatch> ToRecordBatches()
    {
        RequireOpen();
        return Enumerable.Range(0, Info.Blocks.Count).Select(index =>
        {
            RequireOpen();
            return ArrowConversion.PackedBatch(Info, _memory.One(index));
        });
    }

    /// <summary>Decodes rows of the matrix into one batch with the column <c>weights</c>, a list of [columns] floats per row.</summary>
    /// <param name="rowStart">The first row.</param>
    /// <param name="rowCount">How many.</param>
    /// <exception cref="ArgumentException">A kept tensor does not hold weights.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rows leave the matrix.</exception>
    /// <exception cref="ModelFormatException">The stored values are damaged.</exception>
    public Apache.Arrow.RecordBatch DequantizeToRecordBatch(int rowStart, int rowCount)
    {
        RequireRows(rowStart, rowCount);
        float[] weights = new float[checked(rowCount * Columns)];
        DequantizeRows(rowStart, rowCount, weights);
        return ArrowConversion.DecodedBatch(Info, weights, rowCount);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0) _model.Release(_memory);
    }

    // Parts of rows are dealt to threads; each output is made by one of them.
    private unsafe void MultiplyBatch(ReadOnlySpan<float> activations, int count, Span<float> outputs)
    {
        LayerDecoder decoder = _memory.Decoder;
        LayerBlock[] blocks = _memory.All();
        using OrderedActivations ordered = new(Columns, count);
        for (int a = 0; a < count; a++) decoder.Prepare(activations.Slice(a * Columns, Columns), ordered[a]);
        int rowsOfAPart = (int)Math.Clamp(WeightsOfAPart / Columns, 16, 4096);
        (LayerBlock Block, int First)[] parts =
        [
            .. blocks.SelectMany(block => Enumerable.Range(0, (block.Stored.RowCount + rowsOfAPart - 1) / rowsOfAPart)
                .Select(part => (block, part * rowsOfAPart))),
        ];
        int length = outputs.Length;
        int rows = Rows;
        fixed (float* target = outputs)
        {
            float* results = target;
            void Run(int part)
            {
                (LayerBlock block, int first) = parts[part];
                int offset = (int)block.Stored.RowStart + first;
                int now = Math.Min(rowsOfAPart, block.Stored.RowCount - first);
                decoder.Multiply(block, first, now, ordered.All, count, new Span<float>(results + offset, length - offset), rows);
            }

            int threads = Math.Min(_model.Threads, parts.Length);
            if (threads > 1) Parallel.For(0, parts.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, Run);
            else for (int part = 0; part < parts.Length; part++) Run(part);
        }
    }

    private void Fill<TElement, TElements>(int rowStart, int rowCount, Span<TElement> destination, bool inShapeOrder)
        where TElement : unmanaged
        where TElements : struct, IElements<TElement>
    {
        RequireOpen();
        RequireWeights();
        RequireRows(rowStart, rowCount);
        RequireLength(nameof(destination), destination.Length, (long)rowCount * Columns, $"[{rowCount}, {Columns}]");
        if (destination.IsEmpty) return;
        // Of a matrix whose rows are dimension 1, element [o, r, k] of the shape is column o * inner + k of row r.
        bool restores = inShapeOrder && Info.View.RowAxis == 1;
        int outer = restores ? (int)Info.Shape.Dimensions[0] : 1;
        int inner = Columns / outer;
        int atOnce = (int)Math.Clamp((1 << 16) / Columns, 1, 4096);
        float[] weights = new float[checked(Math.Min(atOnce, rowCount) * Columns)];
        for (int index = 0; index < Info.Blocks.Count; index++)
        {
            StoredBlock stored = Info.Blocks[index];
            int end = (int)Math.Min(rowStart + (long)rowCount, stored.RowStart + stored.RowCount);
            int row = (int)Math.Max(rowStart, stored.RowStart);
            if (row >= end) continue;
            LayerBlock block = _memory.One(index);
            for (int now; row < end; row += now)
            {
                now = Math.Min(atOnce, end - row);
                Span<float> decoded = weights.AsSpan(0, now * Columns);
                _memory.Decoder.Decode(block, (int)(row - stored.RowStart), now, decoded);
                for (int r = 0; r < (restores ? now : 1); r++)
                {
                    for (int o = 0; o < outer; o++)
                    {
                        Span<float> source = restores ? decoded.Slice((r * outer + o) * inner, inner) : decoded;
                        int target = restores ? (o * Rows + row + r) * inner : (row - rowStart) * Columns;
                        TElements.Convert(source, destination.Slice(target, source.Length));
                    }
                }
            }
        }
    }

    private void RequireOpen()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        _model.RequireOpen();
    }

    private void RequireWeights()
    {
        if (Info.IsKept && !Info.SourceType.IsWeight())
            throw new ArgumentException($"{Name} holds {Info.SourceType.Name()} values, not weights");
    }

    private void RequireRows(int rowStart, int rowCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rowStart);
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rowCount, Rows - (long)rowStart);
    }

    private void RequireLength(string argument, int found, long expected, string shape)
    {
        if (found != expected)
            throw new ArgumentException($"{Name}: {shape} are {expected} values, not {found}", argument);
    }
}
