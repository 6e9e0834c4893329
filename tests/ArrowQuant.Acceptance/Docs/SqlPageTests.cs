using System.Globalization;
using System.Numerics;
using ArrowQuant.Reporting;
using ArrowQuant.Storage;
using ArrowQuant.TestKit;
using DuckDB.NET.Data;

namespace ArrowQuant.Acceptance.Docs;

/// <summary>The queries of docs/sql.md on fresh artefacts: their numbers are those of the report, the reader and the files.</summary>
public sealed class SqlPageTests
{
    private const string Page = "docs/sql.md";
    private const string Sql = "test sql ";

    [Fact]
    public async Task Queries_OfThePage_GiveTheNumbersOfTheArtefact()
    {
        using TempFolder folder = new();
        DocumentedCommands commands = new(folder);
        foreach (string command in MarkdownBlock.Of(Page).Single(block => block.Mark == DocumentedCommands.Mark).Lines)
            Assert.Equal(0, (await commands.RunAsync(command, TestContext.Current.CancellationToken)).ExitCode);
        Dictionary<string, List<object?[]>> answers = MarkdownBlock.Of(Page)
            .Where(block => block.Mark.StartsWith(Sql, StringComparison.Ordinal))
            .ToDictionary(block => block.Mark[Sql.Length..], block => Ask(commands.Placed(block.Text)));
        Assert.Equal(MarkdownBlock.Of(Page).Count(block => block.Language == "sql"), answers.Count);
        QuantizationResult int4 = Report(folder, "dit-int4");
        QuantizationResult int2 = Report(folder, "dit-int2");

        LayerReport[] worst = [.. int4.Layers.OrderBy(layer => layer.CosineSimilarity).Take(5)];
        AssertRows(answers["worst"], worst.Select(layer => new object?[]
        {
            layer.Name, (byte)4, layer.Method, layer.Layout, layer.CosineSimilarity, layer.Nmse, layer.SqnrDb,
        }));
        AssertRows(answers["report"], worst.Select(layer =>
            new object?[] { layer.Name, layer.CosineSimilarity, layer.Gain, layer.MaxAbsError }));
        AssertRows(answers["bits"], int4.Layers.OrderByDescending(layer => layer.Bpw).ThenBy(layer => layer.Name, StringComparer.Ordinal)
            .Select(layer => new object?[] { layer.Name, layer.Layout, layer.Bpw }));
        AssertModules(answers["modules"], int4);
        AssertKept(answers["kept"], int4);
        AssertWeights(answers["weights"], folder.PathOf("dit-int4"));
        AssertCompared(answers["compare"], int4, int2);
        Assert.Empty(answers["same"]);
        AssertFiles(answers, int4);
    }

    private static void AssertModules(List<object?[]> found, QuantizationResult report)
    {
        string[] modules = ["adaLN_modulation.1", "mlp.fc1", "mlp.fc2", "attn.qkv", "attn.proj"];
        Assert.Equal(modules.Order(), found.Select(row => (string)row[0]!).Order());
        foreach (object?[] row in found)
        {
            LayerReport[] layers = [.. report.Layers.Where(layer => layer.Name.EndsWith($".{row[0]}.weight", StringComparison.Ordinal))];
            Assert.Equal(4, layers.Length);
            Assert.Equal(4L, row[1]);
            Assert.Equal(layers.Sum(layer => layer.Shape[0] * layer.Shape[1] / 2), Whole(row[2]));
            Assert.Equal(layers.Average(layer => layer.CosineSimilarity), (double)row[3]!, 1e-12);
        }
    }

    private static void AssertKept(List<object?[]> found, QuantizationResult report)
    {
        Dictionary<string, object?[]> rows = found.ToDictionary(row => (string)row[0]!);
        Assert.Equal(["int4", "none"], rows.Keys.Order());
        Assert.Equal((long)report.Layers.Count, rows["int4"][1]);
        Assert.Equal((long)report.Kept.Count, rows["none"][1]);
        Assert.Equal(report.Layers.Sum(layer => layer.Shape[0] * layer.Shape[1] / 2), Whole(rows["int4"][2]));
        Assert.Equal(report.Kept.Sum(tensor => 4 * tensor.Shape.Aggregate(1L, (product, size) => product * size)), Whole(rows["none"][2]));
    }

    private static void AssertWeights(List<object?[]> found, string artefact)
    {
        using ArtefactReader reader = ArtefactReader.Open(artefact);
        float[] row = new float[192];
        reader.ReadRows("blocks.0.attn.qkv.weight", 0, 1, row);
        Assert.Equal(row[..128], found.Select(cells => (float)cells[2]!));
        Assert.All(found, cells => Assert.InRange((int)cells[1]!, 0, 15));
    }

    private static void AssertCompared(List<object?[]> found, QuantizationResult int4, QuantizationResult int2)
    {
        var expected = int4.Layers.Zip(int2.Layers).OrderByDescending(pair => pair.Second.Nmse / pair.First.Nmse).Take(5);
        AssertRows(found, expected.Select(pair => new object?[]
        {
            pair.First.Name, pair.First.CosineSimilarity, pair.Second.CosineSimilarity, pair.Second.Layout,
            pair.Second.Nmse / pair.First.Nmse,
        }));
        Assert.All(found, row => Assert.True((double)row[4]! > 5));
    }

    private static void AssertFiles(Dictionary<string, List<object?[]>> answers, QuantizationResult report)
    {
        int rows = report.Layers.Count + report.Kept.Count; // none of these tensors needs a second block
        AssertRows(answers["footers"], [["arrowquant.complete", $"{rows}"], ["arrowquant.format", "1.0"]]);
        Assert.Equal("data", answers["columns"][0][0]);
        long stored = answers["columns"].Sum(row => Whole(row[1]));
        Assert.InRange(stored, 0.95 * report.ModelSizeBytes, report.ModelSizeBytes);
        object?[] scales = answers["columns"].Single(row => (string)row[0]! == "scales, list, element");
        Assert.True(Whole(scales[1]) < Whole(scales[2]));
    }

    private static void AssertRows(List<object?[]> found, IEnumerable<object?[]> expected)
    {
        object?[][] wanted = [.. expected];
        Assert.Equal(wanted.Length, found.Count);
        foreach ((object?[] row, object?[] should) in found.Zip(wanted))
        {
            Assert.Equal(should.Length, row.Length);
            foreach ((object? cell, object? value) in row.Zip(should))
            {
                if (value is double number) Assert.Equal(number, (double)cell!, 1e-9 * Math.Abs(number));
                else Assert.Equal(value, cell);
            }
        }
    }

    private static QuantizationResult Report(TempFolder folder, string artefact) =>
        ReportJson.Deserialize(File.ReadAllText(folder.PathOf(artefact, "report.json")));

    // Sums of whole numbers are wider than 64 bits in DuckDB.
    private static long Whole(object? value) =>
        value is BigInteger big ? (long)big : Convert.ToInt64(value, CultureInfo.InvariantCulture);

    private static List<object?[]> Ask(string query)
    {
        using DuckDBConnection connection = new("DataSource=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = query;
        using DuckDBDataReader reader = command.ExecuteReader();
        List<object?[]> rows = [];
        while (reader.Read())
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
        return rows;
    }
}
