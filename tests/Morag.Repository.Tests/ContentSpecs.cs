using System.Xml.Linq;

namespace Morag.Repository.Tests;

/// <summary>What the repository must have, and what must not be in it.</summary>
public sealed class ContentSpecs
{
    // Whoever builds configures their own package source. Paths of one machine help nobody else.
    // The bars keep this file from breaking its own rule.
    private static readonly string[] Forbidden =
    [
        .. new[] { "api.nu|get.org", "regis|try.npmjs", "py|pi.org", "/wo|rk/", "/ro|ot/", "/home/ru|nner" }
            .Select(word => word.Replace("|", "", StringComparison.Ordinal)),
    ];

    [Fact]
    public void Should_name_no_package_source_and_no_path_of_one_machine() => Rules.Holds(
        "Remove these package sources and machine paths:",
        from file in RepositoryFiles.All
        where file.Extension is not (".png" or ".ico" or ".pfx")
        from word in Forbidden
        where file.Text.Contains(word, StringComparison.OrdinalIgnoreCase)
        select $"{file.Path} contains {word}");

    [Fact]
    public void Should_build_every_project_with_the_solution()
    {
        var solution = RepositoryFiles.All.Single(file => file.Extension == ".sln").Text.Replace('\\', '/');

        Rules.Holds(
            "Run dotnet sln add for these projects:",
            from file in RepositoryFiles.All
            where file.Extension == ".csproj" && !solution.Contains($"\"{file.Path}\"", StringComparison.Ordinal)
            select file.Path);
    }

    [Fact]
    public void Should_describe_every_package() => Rules.Holds(
        "Give these packages a Description, PackageTags and a README.md:",
        from file in RepositoryFiles.All
        where file.Extension == ".csproj"
        let project = XDocument.Parse(file.Text)
        where project.Descendants("IsPackable").Any(packable => packable.Value == "true")
        let readme = Path.Combine(RepositoryFiles.Root, Path.GetDirectoryName(file.Path)!, "README.md")
        where !project.Descendants("Description").Any() || !project.Descendants("PackageTags").Any() || !File.Exists(readme)
        select file.Path);

    [Fact]
    public void Should_have_what_a_visitor_looks_for() => Assert.All(
        new[]
        {
            "LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md",
            ".github/pull_request_template.md",
        },
        name => Assert.True(File.Exists(Path.Combine(RepositoryFiles.Root, name)), $"{name} is missing"));
}
