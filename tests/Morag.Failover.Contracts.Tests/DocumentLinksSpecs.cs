using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Morag.Failover.Contracts.Tests;

/// <summary>Every link between documents of the repository leads to a file or folder that exists, and to a heading in it.</summary>
public sealed class DocumentLinksSpecs
{
    internal static readonly string Root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../.."));

    [Fact]
    public void Should_find_the_file_and_the_heading_when_a_document_links_to_them()
    {
        var broken =
            from document in Documents()
            from link in Regex.Matches(WithoutCode(File.ReadAllText(document)), @"\]\(([^)\s]+)\)").Select(match => match.Groups[1].Value)
            where !link.Contains(':', StringComparison.Ordinal) && !Resolves(document, link)
            select $"{Path.GetRelativePath(Root, document)}: {link}";

        Assert.Empty(broken);
    }

    [Theory]
    [InlineData("Redis restarts", "redis-restarts")]
    [InlineData("Redis, and what durable means", "redis-and-what-durable-means")]
    [InlineData("`morag` on a node: `--node`", "morag-on-a-node---node")]
    public void Should_name_a_heading_as_the_hosting_site_does_when_a_link_points_into_a_page(string heading, string anchor) =>
        Assert.Equal(anchor, Anchor(heading));

    private static IEnumerable<string> Documents() => Directory
        .EnumerateFiles(Root, "*.md")
        .Concat(new[] { "docs", "src", "samples", "benchmarks", "docker" }
            .Select(folder => Path.Combine(Root, folder))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.md", SearchOption.AllDirectories)))
        .Where(file => !Regex.IsMatch(file, @"[\\/](bin|obj|TestResults)[\\/]"));

    private static bool Resolves(string document, string link)
    {
        var (path, anchor) = link.Split('#') is [var file, var heading] ? (file, heading) : (link, null);
        var target = path.Length == 0 ? document : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(document)!, path));
        return anchor is null
            ? File.Exists(target) || Directory.Exists(target)
            : File.Exists(target) && Headings(target).Contains(anchor);
    }

    private static IEnumerable<string> Headings(string document) => Regex
        .Matches(WithoutBlocks(File.ReadAllText(document)), @"^#+ (.+?)\s*$", RegexOptions.Multiline)
        .Select(match => Anchor(match.Groups[1].Value));

    private static string Anchor(string heading) =>
        Regex.Replace(heading.ToLowerInvariant(), @"[^\w\- ]", "").Replace(' ', '-');

    private static string WithoutBlocks(string text) =>
        Regex.Replace(text, "^```.*?^```", "", RegexOptions.Multiline | RegexOptions.Singleline);

    private static string WithoutCode(string text) => Regex.Replace(WithoutBlocks(text), "`[^`\n]*`", "code");

    private static string ThisFile([CallerFilePath] string here = "") => here;
}
