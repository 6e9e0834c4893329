namespace ArrowQuant.TestKit;

/// <summary>How near decoded values are to the original ones, in double precision.</summary>
public static class Figures
{
    /// <summary>&lt;a, b&gt; / (|a| |b|); 1 when both are zero, 0 when only one is.</summary>
    public static double Cosine(ReadOnlySpan<float> original, ReadOnlySpan<float> decoded)
    {
        (double aa, double ab, double bb) = Moments(original, decoded);
        if (aa == 0 && bb == 0) return 1;
        return aa == 0 || bb == 0 ? 0 : ab / Math.Sqrt(aa) / Math.Sqrt(bb);
    }

    /// <summary>|a - b|² / |a|²; 0 when both are zero.</summary>
    public static double Nmse(ReadOnlySpan<float> original, ReadOnlySpan<float> decoded)
    {
        (double aa, _, _) = Moments(original, decoded);
        double error = 0;
        for (int i = 0; i < original.Length; i++)
        {
            double difference = (double)original[i] - decoded[i];
            error += difference * difference;
        }

        return error == 0 ? 0 : error / aa;
    }

    /// <summary>|b| / |a|; 1 when both are zero.</summary>
    public static double NormRatio(ReadOnlySpan<float> original, ReadOnlySpan<float> decoded)
    {
        (double aa, _, double bb) = Moments(original, decoded);
        return aa == 0 && bb == 0 ? 1 : Math.Sqrt(bb / aa);
    }

    /// <summary>&lt;a, b&gt; / &lt;a, a&gt;: 1 when the reconstruction is unbiased; 1 when both are zero.</summary>
    public static double Gain(ReadOnlySpan<float> original, ReadOnlySpan<float> decoded)
    {
        (double aa, double ab, double bb) = Moments(original, decoded);
        return aa == 0 && bb == 0 ? 1 : ab / aa;
    }

    /// <summary>The largest |a - b|.</summary>
    public static double MaxAbsoluteError(ReadOnlySpan<float> original, ReadOnlySpan<float> decoded)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(decoded.Length, original.Length, nameof(decoded));
        double largest = 0;
        for (int i = 0; i < original.Length; i++) largest = Math.Max(largest, Math.Abs((double)original[i] - decoded[i]));
        return largest;
    }

    /// <summary>10 log10(peak² / mean squared difference), in dB; infinite when nothing differs.</summary>
    public static double Psnr(ReadOnlySpan<float> original, ReadOnlySpan<float> decoded, double peak)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(decoded.Length, original.Length, nameof(decoded));
        double error = 0;
        for (int i = 0; i < original.Length; i++)
        {
            double difference = (double)original[i] - decoded[i];
            error += difference * difference;
        }

        return 10 * Math.Log10(peak * peak * original.Length / error);
    }

    private static (double AA, double AB, double BB) Moments(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(b.Length, a.Length, nameof(b));
        double aa = 0, ab = 0, bb = 0;
        for (int i = 0; i < a.Length; i++)
        {
            aa += (double)a[i] * a[i];
            ab += (double)a[i] * b[i];
            bb += (double)b[i] * b[i];
        }

        return (aa, ab, bb);
    }
}
