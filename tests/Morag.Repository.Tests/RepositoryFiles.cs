using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Morag.Repository.Tests;

/// <summary>The files of the repository, without what builds and runs leave behind.</summary>
internal static class RepositoryFiles
{
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Folder(), "..", ".."));

    private static readonly string[] Leftovers = [".git", ".vs", ".idea", "bin", "obj", "artifacts", "TestResults", "morag-data"];

    private static readonly Lazy<SourceFile[]> AllFiles = new(() => [.. Read(new DirectoryInfo(Root))]);

    public static IEnumerable<SourceFile> All => AllFiles.Value;

    /// <summary>The C# files below these top-level folders.</summary>
    public static IEnumerable<SourceFile> CSharp(params string[] folders) =>
        All.Where(file => file.Extension == ".cs" && folders.Any(folder => file.Path.StartsWith(folder + "/", StringComparison.Ordinal)));

    private static IEnumerable<SourceFile> Read(DirectoryInfo folder)
    {
        var files = folder.EnumerateFiles().Where(file => !Leftovers.Contains(file.Name))
            .Select(file => new SourceFile(Path.GetRelativePath(Root, file.FullName).Replace('\\', '/')));
        var folders = folder.EnumerateDirectories().Where(child => !Leftovers.Contains(child.Name) && child.LinkTarget is null);
        return files.Concat(folders.SelectMany(Read));
    }

    private static string Folder([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;
}

/// <summary>A file of the repository; the path is relative to its root, with forward slashes.</summary>
internal sealed record SourceFile(string Path)
{
    private readonly Lazy<string> text = new(() => File.ReadAllText(System.IO.Path.Combine(RepositoryFiles.Root, Path)));

    private CompilationUnitSyntax? syntax;

    public string Name => System.IO.Path.GetFileName(Path);

    public string Extension => System.IO.Path.GetExtension(Path);

    public string Text => text.Value;

    public string[] Lines => Text.TrimEnd('\n').Split('\n');

    public CompilationUnitSyntax Syntax => syntax ??= CSharpSyntaxTree.ParseText(Text).GetCompilationUnitRoot();
}
