using System.Collections.Concurrent;

namespace ArrowQuant.TestKit;

/// <summary>
/// Judges weights of llada-kjv by how they fill masked positions of held-out text: the negative log-likelihood of the text, and the
/// divergence from the float32 model. Under 1 s on two cores for 48 windows, and as much once for the float32 model.
/// </summary>
public sealed class LladaJudge
{
    private const string Model = "llada-kjv";
    private const int Length = 128;
    private const int WindowsAtOnce = 4;
    private readonly Dictionary<string, (long[] Shape, float[] Values)> _text;
    private readonly int _windows;
    private readonly Lazy<LladaModel> _original;
    private readonly ConcurrentDictionary<int, float[][]> _originalLogits = new(); // by mask ratio, of every batch

    /// <summary>Loads the text; <paramref name="windows"/> is how many of its 96 windows of 128 bytes are used, from the first.</summary>
    public LladaJudge(int windows = 48)
    {
        _text = WeightFile.Read(RepositoryPaths.SampleFile(Model, "eval/heldout_text.safetensors"));
        _windows = windows;
        _original = new(() => new LladaModel(WeightFile.Read(RepositoryPaths.SampleFile(Model, "model.safetensors"))));
    }

    /// <summary>
    /// The mean over masked positions of -ln softmax(logits)[true byte]. <paramref name="maskRatioPerMille"/> is 100, 250, 500, 750 or 900.
    /// </summary>
    /// <exception cref="KeyNotFoundException">There are no masks of this ratio.</exception>
    public double MaskedNll(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights, int maskRatioPerMille) =>
        MaskedNll(new LladaModel(weights), maskRatioPerMille);

    /// <summary>The same for a model that is already built.</summary>
    /// <exception cref="KeyNotFoundException">There are no masks of this ratio.</exception>
    public double MaskedNll(LladaModel model, int maskRatioPerMille) =>
        Score(maskRatioPerMille, LogitsOf(model, maskRatioPerMille), expected: null).Nll;

    /// <summary>The likelihood of the text and the divergence from the float32 model, at the same positions.</summary>
    /// <inheritdoc cref="MaskedNll(IReadOnlyDictionary{string, ValueTuple{long[], float[]}}, int)"/>
    public MaskedTextScore Judge(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights, int maskRatioPerMille)
    {
        float[][] expected = _originalLogits.GetOrAdd(maskRatioPerMille, ratio => LogitsOf(_original.Value, ratio));
        return Score(maskRatioPerMille, LogitsOf(new LladaModel(weights), maskRatioPerMille), expected);
    }

    // Of every batch of windows, one after the other.
    private float[][] LogitsOf(LladaModel model, int maskRatioPerMille)
    {
        float[] ids = _text["ids"].Values;
        float[] mask = _text[$"mask.{maskRatioPerMille}"].Values;
        float[][] logits = new float[(_windows + WindowsAtOnce - 1) / WindowsAtOnce][];
        Parallel.For(0, logits.Length, batch =>
        {
            int first = batch * WindowsAtOnce * Length;
            int count = (Math.Min(_windows, (batch + 1) * WindowsAtOnce) * Length) - first;
            int[] input = new int[count];
            for (int i = 0; i < count; i++) input[i] = mask[first + i] != 0 ? LladaModel.Mask : (int)ids[first + i];
            logits[batch] = model.Logits(input, Length);
        });
        return logits;
    }

    private MaskedTextScore Score(int maskRatioPerMille, float[][] found, float[][]? expected)
    {
        float[] ids = _text["ids"].Values;
        float[] mask = _text[$"mask.{maskRatioPerMille}"].Values;
        double loss = 0, divergence = 0;
        int count = 0;
        for (int i = 0; i < _windows * Length; i++)
        {
            if (mask[i] == 0) continue;
            (int batch, int row) = Math.DivRem(i, WindowsAtOnce * Length);
            Range logits = (row * LladaModel.Vocabulary)..((row + 1) * LladaModel.Vocabulary);
            ReadOnlySpan<float> q = found[batch].AsSpan(logits);
            loss += LogSum(q) - q[(int)ids[i]];
            if (expected is not null) divergence += Divergence(expected[batch].AsSpan(logits), q);
            count++;
        }

        return new MaskedTextScore(loss / count, divergence / count);
    }

    // sum p ln(p / q) of two distributions that are given by their logits.
    private static double Divergence(ReadOnlySpan<float> p, ReadOnlySpan<float> q)
    {
        (double ofP, double ofQ) = (LogSum(p), LogSum(q));
        double sum = 0;
        for (int i = 0; i < p.Length; i++) sum += Math.Exp(p[i] - ofP) * (p[i] - ofP - (q[i] - ofQ));
        return sum;
    }

    // ln sum exp(logits), without overflow.
    private static double LogSum(ReadOnlySpan<float> logits)
    {
        double largest = double.NegativeInfinity;
        foreach (float value in logits) largest = Math.Max(largest, value);
        double sum = 0;
        foreach (float value in logits) sum += Math.Exp(value - largest);
        return largest + Math.Log(sum);
    }
}
