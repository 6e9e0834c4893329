namespace ArrowQuant.TestKit;

/// <summary>
/// A class-conditional diffusion model that predicts the noise in its input. Implementations may be called from several threads.
/// </summary>
public interface INoisePredictor
{
    /// <summary>Values of one sample.</summary>
    int SampleLength { get; }

    /// <summary>
    /// Predicts the noise: <paramref name="x"/> and <paramref name="noise"/> are [labels.Length, SampleLength], all samples at the same
    /// <paramref name="timestep"/> (0..999).
    /// </summary>
    void Predict(ReadOnlySpan<float> x, int timestep, ReadOnlySpan<int> labels, Span<float> noise);
}
