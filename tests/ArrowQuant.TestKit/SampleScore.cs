namespace ArrowQuant.TestKit;

/// <summary>How good generated samples are.</summary>
/// <param name="Accuracy">The share that the classifier gives the class that was asked for, 0..1.</param>
/// <param name="Frechet">The Frechet distance of their classifier features from those of real data; smaller is better.</param>
/// <param name="PsnrDecibels">
/// Likeness to the samples of the float32 model from the same noise: 10 log10(2² / mean squared difference) over values clamped to [-1, 1].
/// </param>
public readonly record struct SampleScore(double Accuracy, double Frechet, double PsnrDecibels)
{
    internal static float[] Clamp(ReadOnlySpan<float> values)
    {
        float[] clamped = new float[values.Length];
        for (int i = 0; i < clamped.Length; i++) clamped[i] = Math.Clamp(values[i], -1f, 1f);
        return clamped;
    }

    internal static double ShareOfLargest(ReadOnlySpan<float> logits, ReadOnlySpan<int> labels)
    {
        int classes = logits.Length / labels.Length;
        int right = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            ReadOnlySpan<float> row = logits.Slice(i * classes, classes);
            int best = 0;
            for (int c = 1; c < classes; c++)
                if (row[c] > row[best]) best = c;
            if (best == labels[i]) right++;
        }

        return (double)right / labels.Length;
    }
}
