namespace ArrowQuant.Benchmarks.Peers;

/// <summary>The error that a type leaves of a tensor.</summary>
internal static class PeerError
{
    /// <summary>1 - cosine^2 of the decoded tensor.</summary>
    public static double Of(IPeerType type, float[] weights)
    {
        float[] decoded = new float[weights.Length];
        for (int start = 0; start < weights.Length; start += type.BlockLength)
        {
            int length = Math.Min(type.BlockLength, weights.Length - start);
            type.Round(weights.AsSpan(start, length), decoded.AsSpan(start, length));
        }

        double product = 0, original = 0, found = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            product += (double)weights[i] * decoded[i];
            original += (double)weights[i] * weights[i];
            found += (double)decoded[i] * decoded[i];
        }

        return 1 - product * product / (original * found);
    }
}
