using System.Text;

namespace ArrowQuant.Configuration;

/// <summary>Lists as one text: items separated by commas, blanks around an item ignored, <c>\,</c> for a comma inside one.</summary>
internal static class CommaList
{
    /// <summary>The items of <paramref name="text"/>; none when it is blank.</summary>
    public static IReadOnlyList<string> Split(string text)
    {
        if (string.IsNullOrWhiteSpace(text)) return [];
        List<string> items = [];
        StringBuilder item = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == ',')
            {
                items.Add(item.ToString().Trim());
                item.Clear();
            }
            else if (text[i] == '\\' && i + 1 < text.Length)
            {
                // Only the comma loses its backslash: in a regular expression every other escape must survive.
                i++;
                if (text[i] != ',') item.Append('\\');
                item.Append(text[i]);
            }
            else
            {
                item.Append(text[i]);
            }
        }

        items.Add(item.ToString().Trim());
        return items;
    }

    /// <summary>The text of <paramref name="items"/>.</summary>
    public static string Join(IReadOnlyList<string> items) =>
        string.Join(", ", items.Select(item => item.Replace(",", "\\,", StringComparison.Ordinal)));
}
