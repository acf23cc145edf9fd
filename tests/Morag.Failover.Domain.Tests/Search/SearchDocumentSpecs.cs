using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Morag.Failover.Domain.Search;

namespace Morag.Failover.Domain.Tests.Search;

/// <summary>
/// Holds <c>docs/search.md</c> to the code. After a change of the fields run once with <c>MORAG_WRITE_SEARCH=1</c>, which writes the table
/// of fields, and review it.
/// </summary>
public sealed class SearchDocumentSpecs
{
    private const string Fields = "## Fields\n";

    [Fact]
    public void Should_list_every_field_as_the_code_has_it()
    {
        var file = FileInRepository();
        var document = File.ReadAllText(file).ReplaceLineEndings("\n");
        var handwritten = document[..document.IndexOf(Fields, StringComparison.Ordinal)];
        if (Environment.GetEnvironmentVariable("MORAG_WRITE_SEARCH") == "1")
        {
            document = handwritten + WriteFields();
            File.WriteAllText(file, document);
        }

        Assert.True(
            handwritten + WriteFields() == document, "docs/search.md differs from SearchFields. Run once with MORAG_WRITE_SEARCH=1");
    }

    [Fact]
    public void Should_state_the_limits()
    {
        var document = File.ReadAllText(FileInRepository()).ReplaceLineEndings(" ");

        Assert.Contains(
            string.Create(
                CultureInfo.InvariantCulture,
                $"up to {SearchLimits.MaxLength:N0} characters, {SearchLimits.MaxTerms} values and words, "
                + $"{SearchLimits.MaxDepth} levels of parentheses and negations, and {SearchLimits.MaxPath} names in a path"),
            document,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Should_accept_every_filter_of_the_document()
    {
        var rows = File.ReadAllLines(FileInRepository())
            .SkipWhile(line => line != "## Terms").TakeWhile(line => line != "## Values")
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split('`')[1])
            .ToList();

        Assert.True(rows.Count > 8);
        Assert.All(rows, filter => SearchTasksOf.Parse(filter));
    }

    private static string WriteFields()
    {
        var text = new StringBuilder(Fields).Append('\n');
        text.Append("| Field | Kind | Sortable | Meaning | Example |\n|---|---|---|---|---|\n");
        foreach (var field in SearchFields.All)
        {
            var values = field.Values.IsEmpty || field.Kind == SearchKind.Flag
                ? ""
                : $" One of {string.Join(", ", field.Values.Select(value => $"`{value}`"))}.";
            var sortable = field.IsSortable ? "yes" : "";
            text.Append(
                CultureInfo.InvariantCulture,
                $"| `{field.Name}` | {WireName.Of(field.Kind)} | {sortable} | {field.Summary}{values} | `{field.Example}` |\n");
        }

        return text.ToString();
    }

    private static string FileInRepository([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "docs", "search.md"));
}
