using System.Text.RegularExpressions;
using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Contracts.Tests;

/// <summary>The tables of the documents list every failure type, and none that does not exist.</summary>
public sealed class DocumentedNamesSpecs
{
    private const string LooksLikeAFailureType = "^[a-z]+_(failure|timeout|error|exhaustion|offline|overloaded)$";

    [Theory]
    [InlineData("concepts.md")]
    [InlineData("http-api.md")]
    public void Should_list_exactly_the_failure_types_when_a_document_has_a_table_of_them(string document)
    {
        var listed = File.ReadLines(Path.Combine(DocumentLinksSpecs.Root, "docs", document))
            .Where(line => line.StartsWith('|'))
            .SelectMany(row => Regex.Matches(row, "`([a-z_]+)`").Select(match => match.Groups[1].Value))
            .Where(name => Regex.IsMatch(name, LooksLikeAFailureType))
            .Distinct();

        Assert.Equal(WireName.All<FailureType>().Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }
}
