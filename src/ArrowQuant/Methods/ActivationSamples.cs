using ArrowQuant.Kernels;
using ArrowQuant.Tensors;

namespace ArrowQuant.Methods;

/// <summary>Input rows of a layer, each with its time group and its weight in the objective; the weights add up to 1.</summary>
internal sealed class ActivationSamples
{
    /// <summary>Takes [count, features] rows.</summary>
    public ActivationSamples(float[] rows, int features, int[] groups, int groupCount, double[] weights)
    {
        Rows = rows;
        Features = features;
        Groups = groups;
        GroupCount = groupCount;
        Weights = weights;
    }

    /// <summary>[count, features] values.</summary>
    public float[] Rows { get; }

    /// <summary>
    /// The same rows as the original model makes them, where <see cref="Rows"/> are made by a partly quantized one; else null. The layer is to
    /// make of its rows what the original makes of these.
    /// </summary>
    public float[]? Original { get; init; }

    /// <summary>Input channels of the layer's matrix.</summary>
    public int Features { get; }

    /// <summary>The time group of each row.</summary>
    public int[] Groups { get; }

    /// <summary>Time groups.</summary>
    public int GroupCount { get; }

    /// <summary>The weight of each row.</summary>
    public double[] Weights { get; }

    /// <summary>How many rows.</summary>
    public int Count => Groups.Length;

    /// <summary>Every row counts the same.</summary>
    public static ActivationSamples Pooled(float[] rows, int features, int[] groups, int groupCount, float[]? original = null) =>
        new(rows, features, groups, groupCount, [.. groups.Select(_ => 1.0 / groups.Length)]) { Original = original };

    /// <summary>
    /// The same rows with weights omega_k / (n_k E_k): the mean relative error over time groups, quiet timesteps included; n_k rows and
    /// mean energy E_k of group k.
    /// </summary>
    /// <param name="omega">Share of each time group; they add up to 1.</param>
    public ActivationSamples Balanced(ReadOnlySpan<double> omega)
    {
        double[] energy = new double[GroupCount];
        for (int i = 0; i < Count; i++)
        {
            foreach (float value in Rows.AsSpan(i * Features, Features)) energy[Groups[i]] += (double)value * value;
        }

        // energy is n_k E_k already; a silent group has no error to weigh.
        double[] weights = new double[Count];
        double total = 0;
        for (int i = 0; i < Count; i++)
        {
            weights[i] = energy[Groups[i]] > 0 ? omega[Groups[i]] / energy[Groups[i]] : 0;
            total += weights[i];
        }

        for (int i = 0; i < Count && total > 0; i++) weights[i] /= total;
        return new ActivationSamples(Rows, Features, Groups, GroupCount, weights) { Original = Original };
    }

    /// <summary>At most <paramref name="count"/> of the rows, evenly spaced, their weights adding up to 1 again.</summary>
    public ActivationSamples Thinned(int count)
    {
        if (Count <= count) return this;
        float[] rows = new float[(long)count * Features];
        float[]? original = Original is null ? null : new float[rows.Length];
        int[] groups = new int[count];
        double[] weights = new double[count];
        for (int i = 0; i < count; i++)
        {
            int source = (int)((long)i * Count / count);
            Rows.AsSpan(source * Features, Features).CopyTo(rows.AsSpan(i * Features));
            if (original is not null) Original.AsSpan(source * Features, Features).CopyTo(original.AsSpan(i * Features));
            groups[i] = Groups[source];
            weights[i] = Weights[source];
        }

        double total = weights.Sum();
        for (int i = 0; i < count && total > 0; i++) weights[i] /= total;
        return new ActivationSamples(rows, Features, groups, GroupCount, weights) { Original = original };
    }

    /// <summary>The rows of the original model with the same groups and weights.</summary>
    public ActivationSamples OfOriginal() => Original is null ? this : new(Original, Features, Groups, GroupCount, Weights);

    /// <summary>The same rows with every channel multiplied by its scale.</summary>
    public ActivationSamples Scaled(ReadOnlySpan<float> scales)
    {
        int perChannel = Features / scales.Length;
        float[] rows = new float[Rows.Length];
        for (int i = 0; i < Count; i++)
        {
            for (int c = 0; c < Features; c++) rows[i * Features + c] = Rows[i * Features + c] * scales[c / perChannel];
        }

        return new ActivationSamples(rows, Features, Groups, GroupCount, Weights);
    }

    /// <summary>The inputs of a layer whose weights are rotated.</summary>
    public ActivationSamples Rotated(KernelSet kernels, HadamardRotation rotation)
    {
        float[] rows = [.. Rows];
        for (int i = 0; i < Count; i++) rotation.Rotate(kernels, rows.AsSpan(i * Features, Features));
        return new ActivationSamples(rows, Features, Groups, GroupCount, Weights);
    }

    /// <summary>Weighted mean square of every channel: the diagonal of the Hessian.</summary>
    public double[] SquareMeans()
    {
        double[] sums = new double[Features];
        for (int i = 0; i < Count; i++)
        {
            ReadOnlySpan<float> row = Rows.AsSpan(i * Features, Features);
            for (int c = 0; c < row.Length; c++) sums[c] += Weights[i] * ((double)row[c] * row[c]);
        }

        return sums;
    }

    /// <summary>Mean of every channel over time groups of equal share.</summary>
    public double[] BalancedMean()
    {
        int[] counts = new int[GroupCount];
        foreach (int group in Groups) counts[group]++;
        int present = counts.Count(count => count > 0);
        double[] mean = new double[Features];
        for (int i = 0; i < Count; i++)
        {
            double weight = 1.0 / (present * counts[Groups[i]]);
            ReadOnlySpan<float> row = Rows.AsSpan(i * Features, Features);
            for (int c = 0; c < row.Length; c++) mean[c] += weight * row[c];
        }

        return mean;
    }

    /// <summary>[count, order.Length] values of some channels, times <paramref name="factor"/>.</summary>
    public float[] Columns(ReadOnlySpan<int> order, float factor)
    {
        if (factor == 1 && order.Length == Features && order.SequenceEqual(Enumerable.Range(0, Features).ToArray())) return Rows;
        float[] values = new float[(long)Count * order.Length];
        for (int i = 0; i < Count; i++)
        {
            for (int c = 0; c < order.Length; c++) values[(long)i * order.Length + c] = Rows[(long)i * Features + order[c]] * factor;
        }

        return values;
    }
}
