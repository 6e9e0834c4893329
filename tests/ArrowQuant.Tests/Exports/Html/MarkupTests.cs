using ArrowQuant.Exports.Html;

namespace ArrowQuant.Tests.Exports.Html;

public sealed class MarkupTests
{
    [Theory]
    [InlineData("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;")]
    [InlineData("\" onload='x'", "&quot; onload=&#39;x&#39;")]
    [InlineData("a&amp;b", "a&amp;amp;b")]
    [InlineData("line\u0000\u001b[31m\rend", "line\\u0000\\u001b[31m\\u000dend")]
    [InlineData("txt\u202Egpj\u2066\u200b\u2028", "txt\\u202egpj\\u2066\\u200b\\u2028")]
    [InlineData("層 \ud83d\ude00", "層 \ud83d\ude00")]
    [InlineData(null, "")]
    public void Value_OfAnyText_IsEscaped(string? text, string expected)
    {
        Markup markup = $"""<td title="{text}">{text}</td>""";
        Assert.Equal($"""<td title="{expected}">{expected}</td>""", markup.ToString());
    }

    [Fact]
    public void Value_WithHalfACharacter_HasTheReplacementCharacter()
    {
        Markup markup = $"{new string(['\ud800', 'x'])}";
        Assert.Equal("\ufffdx", markup.ToString());
    }

    [Fact]
    public void Markup_InMarkup_IsTakenAsItIs()
    {
        Markup inner = $"<b>{"<i>"}</b>";
        Markup outer = $"{inner}{Markup.Join([inner, inner])}{Markup.None}{1234567L}{0.5:0.00}";
        Assert.Equal("<b>&lt;i&gt;</b><b>&lt;i&gt;</b><b>&lt;i&gt;</b>12345670.50", outer.ToString());
    }
}
