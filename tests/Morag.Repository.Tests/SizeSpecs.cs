using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Morag.Repository.Tests;

/// <summary>Lines, methods and files stay small enough to read. Markdown is left out: editors wrap its paragraphs.</summary>
public sealed class SizeSpecs
{
    private const int MaxColumns = 140;
    private const int MaxFileLines = 400;
    private const int MaxMethodLines = 70;

    private static readonly string[] Production = ["src", "samples"];
    private static readonly string[] Extensions = [".cs", ".conf", ".lua", ".sh", ".ps1", ".props", ".targets", ".yml", ".yaml"];

    [Fact]
    public void Should_have_no_source_line_over_140_columns() => Rules.Holds(
        "Wrap these lines by sense:",
        from file in RepositoryFiles.All
        where Extensions.Contains(file.Extension) || file.Path == ".ci/run"
        from line in file.Lines.Index()
        where line.Item.Length > MaxColumns
        select $"{file.Path}:{line.Index + 1} has {line.Item.Length} columns");

    [Fact]
    public void Should_have_no_production_file_over_400_lines() => Rules.Holds(
        "Split these files by topic:",
        from file in RepositoryFiles.CSharp(Production)
        where file.Lines.Length > MaxFileLines
        select $"{file.Path} has {file.Lines.Length} lines");

    [Fact]
    public void Should_have_no_production_method_over_70_lines() => Rules.Holds(
        "Split these methods by what they do:",
        from file in RepositoryFiles.CSharp(Production)
        from member in file.Syntax.DescendantNodes()
        where member is BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or PropertyDeclarationSyntax { ExpressionBody: not null }
        let lines = LinesOf(member)
        where lines > MaxMethodLines
        select $"{file.Path}:{StartOf(member) + 1} has {lines} lines");

    // Attributes and documentation say what a method is for; only what runs is counted, from the signature to the closing brace.
    private static int LinesOf(SyntaxNode member) => member.GetLocation().GetLineSpan().EndLinePosition.Line - StartOf(member) + 1;

    private static int StartOf(SyntaxNode member)
    {
        var signature = member.ChildNodesAndTokens().First(child => !child.IsKind(SyntaxKind.AttributeList));
        return signature.GetLocation()!.GetLineSpan().StartLinePosition.Line;
    }
}
