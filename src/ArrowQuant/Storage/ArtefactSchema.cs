using Apache.Arrow;
using Apache.Arrow.Ipc;
using ParquetSharp;
using ParquetSharp.Schema;
using CodeCompression = ArrowQuant.Configuration.Compression;

namespace ArrowQuant.Storage;

/// <summary>The Parquet schema of the artefact, the Arrow schema beside it, and the writer settings of each column.</summary>
internal static class ArtefactSchema
{
    private const int SmallColumnLevel = 1; // higher ones save less than 0.02 bits per weight and cost several times the time
    private const int DataLevel = 3;

    /// <summary>Columns whose smallest and largest values would only make the footer long.</summary>
    private static readonly string[] WithoutStatistics =
    [
        ArtefactLayout.TimeAwareJson, ArtefactLayout.SpatialJson, ArtefactLayout.ActivationStatsJson, ArtefactLayout.SourceXxh128,
    ];

    public static GroupNode CreateNode()
    {
        Node[] nodes = [.. ArtefactColumns.All.Select(column => column.CreateNode())];
        try
        {
            return new GroupNode("schema", Repetition.Required, nodes);
        }
        finally
        {
            foreach (Node node in nodes) node.Dispose();
        }
    }

    /// <summary>
    /// The value of the footer key by which Arrow readers restore their own types: base64 of the Arrow IPC message of the schema. Without
    /// it they would see <c>data</c> as binary with 32-bit offsets.
    /// </summary>
    public static string ArrowSchemaText()
    {
        Schema schema = new(ArtefactColumns.All.Select(column => column.CreateField()), null);
        using MemoryStream message = new();
        using ArrowStreamWriter writer = new(message, schema, leaveOpen: true);
        writer.WriteStart();
        return Convert.ToBase64String(message.GetBuffer(), 0, (int)message.Length);
    }

    public static WriterProperties CreateProperties(CodeCompression codeCompression)
    {
        // Statistics of data would copy its values; dictionaries pay for no column here, since zstd sees the repeats.
        using WriterPropertiesBuilder builder = new();
        builder.MemoryPool(ParquetMemory.Pool());
        builder.DisableDictionary().DisableWritePageIndex().SetSizeStatisticsLevel(SizeStatisticsLevel.None);
        foreach (ArtefactColumn column in ArtefactColumns.All.Where(column => column != ArtefactColumns.Data))
            builder.Compression(column.LeafPath, Compression.Zstd).CompressionLevel(column.LeafPath, SmallColumnLevel);
        foreach (ArtefactColumn column in ArtefactColumns.Bulk) builder.DisableStatistics(column.LeafPath);
        foreach (string column in WithoutStatistics) builder.DisableStatistics(column);
        foreach (ArtefactColumn floats in ArtefactColumns.Bulk.Where(column => column.Physical == PhysicalType.Float))
            builder.Encoding(floats.LeafPath, Encoding.ByteStreamSplit);

        if (codeCompression == CodeCompression.Zstd)
            builder.Compression(ArtefactLayout.Data, Compression.Zstd).CompressionLevel(ArtefactLayout.Data, DataLevel);
        else
            builder.Compression(ArtefactLayout.Data, Compression.Uncompressed);
        return builder.Build();
    }
}
