namespace ArrowQuant.TestKit;

/// <summary>
/// Judges weights of llada-kjv by the masked negative log-likelihood of held-out text. Under 1 s on two cores for 48 windows.
/// </summary>
public sealed class LladaJudge
{
    private const string Model = "llada-kjv";
    private const int Length = 128;
    private const int WindowsAtOnce = 4;
    private readonly Dictionary<string, (long[] Shape, float[] Values)> _text;
    private readonly int _windows;

    /// <summary>Loads the text; <paramref name="windows"/> is how many of its 96 windows of 128 bytes are used, from the first.</summary>
    public LladaJudge(int windows = 48)
    {
        _text = WeightFile.Read(RepositoryPaths.SampleFile(Model, "eval/heldout_text.safetensors"));
        _windows = windows;
    }

    /// <summary>
    /// The mean over masked positions of -ln softmax(logits)[true byte]. <paramref name="maskRatioPerMille"/> is 100, 250, 500, 750 or 900.
    /// </summary>
    /// <exception cref="KeyNotFoundException">There are no masks of this ratio.</exception>
    public double MaskedNll(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights, int maskRatioPerMille) =>
        MaskedNll(new LladaModel(weights), maskRatioPerMille);

    /// <summary>The same for a model that is already built.</summary>
    /// <exception cref="KeyNotFoundException">There are no masks of this ratio.</exception>
    public double MaskedNll(LladaModel model, int maskRatioPerMille)
    {
        float[] ids = _text["ids"].Values;
        float[] mask = _text[$"mask.{maskRatioPerMille}"].Values;
        int batches = (_windows + WindowsAtOnce - 1) / WindowsAtOnce;
        double[] sums = new double[batches];
        int[] counts = new int[batches];
        Parallel.For(0, batches, batch =>
        {
            int first = batch * WindowsAtOnce * Length;
            int count = (Math.Min(_windows, (batch + 1) * WindowsAtOnce) * Length) - first;
            int[] input = new int[count];
            for (int i = 0; i < count; i++) input[i] = mask[first + i] != 0 ? LladaModel.Mask : (int)ids[first + i];
            float[] logits = model.Logits(input, Length);
            for (int i = 0; i < count; i++)
            {
                if (mask[first + i] == 0) continue;
                sums[batch] += NegativeLogLikelihood(logits.AsSpan(i * LladaModel.Vocabulary, LladaModel.Vocabulary), (int)ids[first + i]);
                counts[batch]++;
            }
        });
        return sums.Sum() / counts.Sum();
    }

    private static double NegativeLogLikelihood(ReadOnlySpan<float> logits, int truth)
    {
        double largest = double.NegativeInfinity;
        foreach (float value in logits) largest = Math.Max(largest, value);
        double sum = 0;
        foreach (float value in logits) sum += Math.Exp(value - largest);
        return largest + Math.Log(sum) - logits[truth];
    }
}
