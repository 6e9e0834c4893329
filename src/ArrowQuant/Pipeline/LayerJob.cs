using System.IO.Hashing;
using ArrowQuant.Errors;
using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline;

/// <summary>
/// One layer in one attempt: chooses its grid once on a row sample, then quantizes block after block, from any thread and in any order.
/// </summary>
internal sealed class LayerJob
{
    private readonly KernelSet _kernels;
    private readonly MatrixReader _reader;
    private readonly int _bitWidth;
    private readonly int _groupSize;
    private readonly Lazy<Grid> _grid;

    /// <summary>Prepares a layer; nothing is read yet.</summary>
    public LayerJob(KernelSet kernels, MatrixReader reader, LayerRecipe recipe, int bitWidth, int groupSize)
    {
        _kernels = kernels;
        _reader = reader;
        Recipe = recipe;
        _bitWidth = bitWidth;
        _groupSize = groupSize;
        _grid = new Lazy<Grid>(ChooseGrid);
    }

    /// <summary>What is used for the layer.</summary>
    public LayerRecipe Recipe { get; }

    /// <summary>Bits per code.</summary>
    public int BitWidth => _bitWidth;

    /// <summary>How its codes are to be read; chooses the grid if that has not been done.</summary>
    public QuantizedFormat Format => FormatOf(_grid.Value);

    /// <summary>Quantizes the rows of one block.</summary>
    public QuantizedRows Quantize(long rowStart, int rowCount, BlockBuffers buffers)
    {
        Grid grid = _grid.Value;
        QuantizedFormat format = FormatOf(grid);
        var block = new QuantizedBlock(format, rowStart, rowCount);
        Span<byte> source = buffers.Source(_reader.RowBytes * rowCount);
        _reader.ReadRows(rowStart, rowCount, source);
        var quantizer = new RowQuantizer(_kernels, format, grid.Search);
        ErrorSums sums = default;
        int columns = (int)_reader.View.Columns;
        int pieceRows = WeightConverter.RowsPerPiece(columns);
        for (int row = 0; row < rowCount; row += pieceRows)
        {
            int rows = Math.Min(pieceRows, rowCount - row);
            Span<float> weights = buffers.Weights((long)rows * columns);
            long first = rowStart + row;
            WeightConverter.Convert(
                _reader, r => first + r, source.Slice((int)(row * _reader.RowBytes), (int)(rows * _reader.RowBytes)), weights);
            sums.Add(quantizer.Quantize(weights, block, row));
        }

        return new QuantizedRows(block, sums, XxHash128.HashToUInt128(source));
    }

    private Grid ChooseGrid()
    {
        IReadOnlyList<Grid> candidates = Grid.CandidatesOf(Recipe.Method, _bitWidth);
        if (candidates.Count == 1) return candidates[0];
        MatrixView view = _reader.View;
        int columns = (int)view.Columns;
        var chooser = new GridChooser(_kernels, candidates, FormatOf);
        int sample = GridChooser.SampleCount(view.Rows);
        int pieceRows = Math.Min(sample, WeightConverter.RowsPerPiece(columns));
        byte[] bytes = new byte[pieceRows * _reader.RowBytes];
        float[] weights = new float[(long)pieceRows * columns];
        for (int first = 0; first < sample; first += pieceRows)
        {
            int rows = Math.Min(pieceRows, sample - first);
            for (int r = 0; r < rows; r++)
                _reader.ReadRows(GridChooser.SampleRow(view.Rows, first + r), 1,
                    bytes.AsSpan((int)(r * _reader.RowBytes), (int)_reader.RowBytes));
            int begin = first;
            Span<float> piece = weights.AsSpan(0, rows * columns);
            WeightConverter.Convert(
                _reader, r => GridChooser.SampleRow(view.Rows, begin + r), bytes.AsSpan(0, (int)(rows * _reader.RowBytes)), piece);
            chooser.Add(piece, columns);
        }

        return chooser.Choose();
    }

    private QuantizedFormat FormatOf(Grid grid)
    {
        if (_reader.View.Columns > int.MaxValue)
        {
            throw new ModelFormatException(
                $"{_reader.Tensor.FilePath}: tensor {_reader.Tensor.FullName} has matrix rows of {_reader.View.Columns} weights; at most {int.MaxValue} are supported")
            {
                FilePath = _reader.Tensor.FilePath,
                TensorName = _reader.Tensor.FullName,
            };
        }

        int columns = (int)_reader.View.Columns;
        bool perChannel = Recipe.Method == MethodNames.PerChannel;
        return new QuantizedFormat
        {
            BitWidth = _bitWidth,
            Layout = grid.Layout,
            Groups = new GroupLayout(columns, perChannel ? columns : _groupSize),
            PerChannel = perChannel,
        };
    }
}
