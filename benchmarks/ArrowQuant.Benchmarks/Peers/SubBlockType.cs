namespace ArrowQuant.Benchmarks.Peers;

/// <summary>
/// ggml's K types: 256 values in sub-blocks, each with a step and a minimum that are small multiples of two binary16 values of the block;
/// w = d step q - dmin minimum. Steps and minima are searched: clipped ranges, refitted by least squares.
/// </summary>
internal sealed class SubBlockType : IPeerType
{
    /// <summary>2-bit codes, 16 sub-blocks of 16 with 4-bit steps and minima: 84 bytes.</summary>
    public static readonly SubBlockType Q2K = new("ggml Q2_K", codeBits: 2, subLength: 16, scaleBits: 4);

    /// <summary>4-bit codes, 8 sub-blocks of 32 with 6-bit steps and minima: 144 bytes.</summary>
    public static readonly SubBlockType Q4K = new("ggml Q4_K", codeBits: 4, subLength: 32, scaleBits: 6);

    private const int Clips = 12;
    private const double ClipStep = 0.05;
    private const int Refits = 4;

    private readonly int _subLength;
    private readonly int _scaleTop;
    private readonly int _codeTop;

    private SubBlockType(string name, int codeBits, int subLength, int scaleBits)
    {
        Name = name;
        _subLength = subLength;
        _scaleTop = (1 << scaleBits) - 1;
        _codeTop = (1 << codeBits) - 1;
        BitsPerWeight = codeBits + 2.0 * scaleBits / subLength + 32.0 / BlockLength;
    }

    public string Name { get; }

    public int BlockLength => 256;

    public double BitsPerWeight { get; }

    public void Round(ReadOnlySpan<float> block, Span<float> decoded)
    {
        int subs = (block.Length + _subLength - 1) / _subLength;
        double[] steps = new double[subs];
        double[] minima = new double[subs];
        for (int sub = 0; sub < subs; sub++) (steps[sub], minima[sub]) = Fit(Sub(block, sub));
        double d = (double)(Half)(steps.Max() / _scaleTop);
        double dmin = (double)(Half)(minima.Max() / _scaleTop);
        for (int sub = 0; sub < subs; sub++)
        {
            double step = d * Multiple(steps[sub], d);
            double minimum = dmin * Multiple(minima[sub], dmin);
            ReadOnlySpan<float> values = Sub(block, sub);
            for (int i = 0; i < values.Length; i++)
                decoded[sub * _subLength + i] = (float)(step * Code(values[i], step, minimum) - minimum);
        }
    }

    private ReadOnlySpan<float> Sub(ReadOnlySpan<float> block, int sub) =>
        block.Slice(sub * _subLength, Math.Min(_subLength, block.Length - sub * _subLength));

    private double Multiple(double value, double unit) => unit > 0 ? Math.Clamp(Math.Round(value / unit), 0, _scaleTop) : 0;

    private double Code(double value, double step, double minimum) =>
        step > 0 ? Math.Clamp(Math.Round((value + minimum) / step), 0, _codeTop) : 0;

    // The step and the minimum, neither negative, with the least squared error that was found.
    private (double Step, double Minimum) Fit(ReadOnlySpan<float> values)
    {
        (double low, double high) = (0, 0);
        foreach (float value in values) (low, high) = (Math.Min(low, value), Math.Max(high, value));
        (double Step, double Minimum) best = (0, 0);
        double least = double.PositiveInfinity;
        for (int clip = 0; clip < Clips; clip++)
        {
            double share = 1 - clip * ClipStep;
            (double Step, double Minimum) fit = ((high - low) * share / _codeTop, -low * share);
            for (int refit = 0; refit <= Refits; refit++)
            {
                double error = Error(values, fit);
                if (error < least) (least, best) = (error, fit);
                fit = Refit(values, fit);
            }
        }

        return best;
    }

    private double Error(ReadOnlySpan<float> values, (double Step, double Minimum) fit)
    {
        double sum = 0;
        foreach (float value in values)
        {
            double difference = fit.Step * Code(value, fit.Step, fit.Minimum) - fit.Minimum - value;
            sum += difference * difference;
        }

        return sum;
    }

    private (double Step, double Minimum) Refit(ReadOnlySpan<float> values, (double Step, double Minimum) fit)
    {
        double q = 0, w = 0, qq = 0, qw = 0;
        foreach (float value in values)
        {
            double code = Code(value, fit.Step, fit.Minimum);
            (q, w, qq, qw) = (q + code, w + value, qq + code * code, qw + code * value);
        }

        double spread = qq * values.Length - q * q;
        if (spread <= 0) return fit;
        double step = (qw * values.Length - q * w) / spread;
        double minimum = (step * q - w) / values.Length;
        return minimum >= 0 ? (step, minimum) : (qq > 0 ? qw / qq : 0, 0);
    }
}
