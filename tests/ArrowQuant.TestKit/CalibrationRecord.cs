namespace ArrowQuant.TestKit;

/// <summary>One input of a layer, as files of records hold it.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Timestep">The timestep it was recorded at.</param>
/// <param name="Data">The input.</param>
public sealed record CalibrationRecord(string Layer, int Timestep, float[] Data);
