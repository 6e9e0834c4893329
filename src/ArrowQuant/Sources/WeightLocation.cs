namespace ArrowQuant.Sources;

/// <summary>Where the weights of a model or component are.</summary>
/// <param name="Kind">How they are stored.</param>
/// <param name="Path">The file, the index, or the folder of Parquet files.</param>
/// <param name="Notes">What the user should know about the choice, one line each.</param>
internal sealed record WeightLocation(WeightKind Kind, string Path, IReadOnlyList<string> Notes);
