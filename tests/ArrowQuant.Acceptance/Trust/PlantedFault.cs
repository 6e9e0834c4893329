namespace ArrowQuant.Acceptance.Trust;

/// <summary>One thing that is wrong with an otherwise good artefact.</summary>
/// <param name="Name">What it is, in a few words.</param>
/// <param name="Artefact">The artefact that it is planted in: int4, int2 or wide.</param>
/// <param name="Layer">The layer that it is in, or whose cosine may tell.</param>
/// <param name="Finding">Part of the line that tells it, once hashes were made to fit and the original is at hand.</param>
/// <param name="Plant">Changes the artefact in a folder.</param>
public sealed record PlantedFault(string Name, string Artefact, string Layer, string Finding, Action<string> Plant)
{
    /// <summary>
    /// Whether the artefact contradicts itself, so that it is found without the original although hashes were made to fit.
    /// </summary>
    public bool ContradictsItself { get; init; }

    /// <summary>Whether a hash in the artefact gives it away, unless that is made to fit.</summary>
    public bool IsHashed { get; init; } = true;
}
