using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using ArrowQuant.Configuration;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Storage;

namespace ArrowQuant.Pipeline.Resuming;

/// <summary>What every block of a run depends on, whatever its layer. Hashed once.</summary>
internal sealed class RunIdentity
{
    /// <summary>Takes the identity of a run from its plan; calibration files are read for it.</summary>
    public RunIdentity(ModelPlan plan)
    {
        string calibration = plan.Calibration is { } data ? StoredRowCodec.HashText(data.FilesHash) : "none";
        // The build and not its version: two builds of one version need not make the same bytes.
        string text = string.Join(
            '\n', ArtefactLayout.FormatVersion, typeof(RunIdentity).Module.ModuleVersionId.ToString(), Choosing(plan.Config), calibration);
        Hash = XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Build, format, configuration and calibration data in one.</summary>
    public UInt128 Hash { get; }

    /// <summary>
    /// The settings that decide what becomes of a layer once its width is decided, as text: those that choose layers and widths, judge
    /// them, or say how a run is made are left out. A new setting is in it until it is left out here.
    /// </summary>
    public static string Choosing(DiffusionQuantConfig config)
    {
        DiffusionQuantConfig neutral = new();
        return JsonSerializer.Serialize(
            config with
            {
                BitWidth = neutral.BitWidth,
                Modality = null,
                EdgeLayers = null,
                MinAccuracy = neutral.MinAccuracy,
                DeploymentProfile = neutral.DeploymentProfile,
                FailFast = neutral.FailFast,
                FallbackScope = neutral.FallbackScope,
                KeepMinAccuracy = neutral.KeepMinAccuracy,
                AccuracyMetric = neutral.AccuracyMetric,
                MinLayerAccuracy = neutral.MinLayerAccuracy,
                SkipSensitiveLayers = neutral.SkipSensitiveLayers,
                SensitiveLayerNames = [],
                SensitiveLayerPatterns = [],
                IncludeLayers = [],
                ExcludeLayers = [],
                LayerBitWidths = [],
                Compression = neutral.Compression,
                NumThreads = neutral.NumThreads,
                MaxMemoryMb = neutral.MaxMemoryMb,
                EnableStreaming = neutral.EnableStreaming,
            },
            ConfigurationJsonContext.Default.DiffusionQuantConfig);
    }
}
