using Microsoft.CodeAnalysis.CSharp;

namespace Morag.Repository.Tests;

/// <summary>The C# blocks of the documentation.</summary>
public sealed class DocumentedCodeSpecs
{
    private const string Fence = "```";

    [Fact]
    public void Should_show_whole_programs_as_the_samples_have_them()
    {
        var samples = RepositoryFiles.CSharp("samples").Select(file => file.Text.Trim()).ToHashSet();
        var programs = Blocks().Where(block => block.IsProgram).ToList();

        Assert.Contains(programs, program => program.Page == "docs/dotnet-client.md");
        Rules.Holds(
            "Make these programs the same as a file in samples/, which CI builds and runs:",
            from program in programs where !samples.Contains(program.Code.Trim()) select program.Place);
    }

    [Fact]
    public void Should_be_valid_csharp() => Rules.Holds(
        "Correct the syntax of these blocks:",
        from block in Blocks()
        from error in CSharpSyntaxTree.ParseText(block.Code).GetDiagnostics()
        select $"{block.Place}: {error.GetMessage(System.Globalization.CultureInfo.InvariantCulture)}");

    private static IEnumerable<Block> Blocks() =>
        from file in RepositoryFiles.All
        where file.Extension == ".md"
        from block in BlocksOf(file)
        select block;

    private static IEnumerable<Block> BlocksOf(SourceFile file)
    {
        for (var line = 0; line < file.Lines.Length; line++)
        {
            if (file.Lines[line] == Fence + "csharp")
            {
                var code = file.Lines.Skip(line + 1).TakeWhile(text => text != Fence).ToList();
                yield return new Block(file.Path, line + 1, string.Join('\n', code));
                line += code.Count;
            }
        }
    }

    private sealed record Block(string Page, int Line, string Code)
    {
        /// <summary>Whether the block is in the documentation and has everything to compile. READMEs of packages show parts.</summary>
        public bool IsProgram =>
            Page.StartsWith("docs/", StringComparison.Ordinal) && Code.StartsWith("using ", StringComparison.Ordinal);

        public string Place => FormattableString.Invariant($"{Page}:{Line}");
    }
}
