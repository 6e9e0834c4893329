namespace ArrowQuant.Acceptance.Trust;

/// <summary>What came of one planted fault.</summary>
/// <param name="Fault">The fault.</param>
/// <param name="ByHash">Whether validate found it without the original while hashes were as they had been.</param>
/// <param name="WithOriginal">The run of validate with the original, hashes made to fit.</param>
/// <param name="WithoutOriginal">The run without the original, hashes made to fit.</param>
/// <param name="LayerBefore">Cosine of the layer in the good artefact.</param>
/// <param name="LayerAfter">Cosine of the layer with the fault; null when nothing can be decoded.</param>
/// <param name="MeanAfter">Mean cosine over quantized layers with the fault; null when nothing can be decoded.</param>
public sealed record FaultOutcome(
    PlantedFault Fault, Support.ToolRun ByHash, Support.ToolRun WithOriginal, Support.ToolRun WithoutOriginal,
    double LayerBefore, double? LayerAfter, double? MeanAfter);
