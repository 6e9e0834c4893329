using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Methods;

/// <summary>Codes and grids of some rows.</summary>
internal sealed record CodedRows(byte[] Codes, QuantizedBlock Block)
{
    public static QuantizedFormat Format(int bits, CodeLayout layout, int columns, int groupSize, bool perChannel = false) => new()
    {
        BitWidth = bits,
        Layout = layout,
        Groups = new GroupLayout(columns, perChannel ? columns : groupSize),
        PerChannel = perChannel,
    };

    public static CodedRows Compensated(
        float[] weights, QuantizedFormat format, AffineSearch search, HessianFactor hessian, string? kernels = null, params int[] pieces)
    {
        KernelSet set = KernelSet.Create(kernels);
        return Run(weights, format, new CompensatedCoder(set, new GridFit(set, format, search), hessian), pieces);
    }

    public static CodedRows Plain(float[] weights, QuantizedFormat format, AffineSearch search, float[] columnWeights)
    {
        KernelSet set = KernelSet.Create(null);
        return Run(weights, format, new PlainCoder(set, new GridFit(set, format, search), columnWeights), []);
    }

    /// <summary>Sum over rows of dW H dW^T with H = X^T X, which is |dW X^T|^2.</summary>
    public double Objective(float[] weights, ActivationSamples samples)
    {
        float[] decoded = Decoded();
        double sum = 0;
        for (int r = 0; r < Block.RowCount; r++)
        {
            for (int i = 0; i < samples.Count; i++)
            {
                double error = 0;
                for (int c = 0; c < samples.Features; c++)
                {
                    double difference = (double)weights[r * samples.Features + c] - decoded[r * samples.Features + c];
                    error += difference * samples.Rows[i * samples.Features + c];
                }

                sum += samples.Weights[i] * error * error;
            }
        }

        return sum;
    }

    public float[] Decoded()
    {
        int columns = Block.Format.Groups.Columns;
        float[] decoded = new float[Codes.Length];
        KernelSet kernels = KernelSet.Create(null);
        for (int r = 0; r < Block.RowCount; r++)
            BlockDecoder.DecodeRow(kernels, Block, r, Codes.AsSpan(r * columns, columns), decoded.AsSpan(r * columns, columns));
        return decoded;
    }

    public void AssertSame(CodedRows other, string what)
    {
        int different = Codes.Zip(other.Codes).Count(pair => pair.First != pair.Second);
        Assert.True(different == 0, $"{what}: {different} codes differ");
        Assert.Equal(Block.Scales, other.Block.Scales);
        Assert.Equal(Block.ZeroPoints, other.Block.ZeroPoints);
        Assert.Equal(Block.Levels, other.Block.Levels);
    }

    /// <summary>Rows whose codes or grids are not the same.</summary>
    public int DifferentRows(CodedRows other) => Enumerable.Range(0, Block.RowCount).Count(r =>
        !SameRow(Codes, other.Codes, r) || !SameRow(Block.Scales, other.Block.Scales, r)
        || !SameRow(Block.ZeroPoints, other.Block.ZeroPoints, r) || !SameRow(Block.Levels, other.Block.Levels, r));

    private bool SameRow<T>(T[] first, T[] second, int row)
    {
        int length = first.Length / Block.RowCount;
        return first.AsSpan(row * length, length).SequenceEqual(second.AsSpan(row * length, length));
    }

    private static CodedRows Run(float[] weights, QuantizedFormat format, IRowCoder coder, int[] pieces)
    {
        int columns = format.Groups.Columns;
        int rows = weights.Length / columns;
        var block = new QuantizedBlock(format, 0, rows);
        byte[] codes = new byte[weights.Length];
        int first = 0;
        for (int i = 0; first < rows; i++)
        {
            int count = pieces.Length == 0 ? rows : Math.Min(pieces[i % pieces.Length], rows - first);
            Range part = (first * columns)..((first + count) * columns);
            coder.Code(weights.AsSpan(part), block, first, codes.AsSpan(part));
            first += count;
        }

        return new CodedRows(codes, block);
    }
}
