using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Morag.Failover.Contracts.Ids;

namespace Morag.Failover.Client.Akka.Tests;

/// <summary>The C# blocks of docs/dotnet-client.md, compiled as a reader would.</summary>
public sealed class DocumentedCodeSpecs
{
    private const string Fence = "```";

    /// <summary>What a console project of .NET imports by itself.</summary>
    private static readonly string[] ImplicitUsings =
    [
        "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading", "System.Threading.Tasks",
    ];

    private static readonly Assembly[] Documented =
        [typeof(IMoragClient).Assembly, typeof(ClusterClientTransport).Assembly, typeof(TaskId).Assembly];

    // Shared, because reading the assemblies takes longer than compiling.
    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(file => MetadataReference.CreateFromFile(file)),
    ];

    /// <summary>Names that the parts of programs use without declaring them.</summary>
    private const string Names = """
        var builder = Microsoft.Extensions.Hosting.Host.CreateApplicationBuilder();
        IMoragClient client = null!;
        CancellationToken stopping = default;
        Task ReloadAsync(IMoragClient from) => Task.CompletedTask;
        """;

    private const string Types = """
        public abstract class Transcoder : ITaskHandler
        {
            public abstract Task<JsonText> HandleAsync(TaskRun task, CancellationToken cancellation);
        }
        """;

    [Fact]
    public void Should_compile()
    {
        var blocks = Blocks().ToList();

        Assert.Contains(blocks, IsProgram);
        Assert.Contains(blocks, block => !IsProgram(block));
        Assert.Empty(blocks.SelectMany(Errors));
    }

    private static bool IsProgram(string block) => block.StartsWith("using ", StringComparison.Ordinal);

    private static IEnumerable<string> Errors(string block)
    {
        var implicitUsings = Usings("global using ", ImplicitUsings);
        var text = IsProgram(block)
            ? implicitUsings + block
            : string.Join('\n', implicitUsings + Usings("using ", Namespaces()), Names, block, Types);
        var compilation = CSharpCompilation.Create(
            "documented", [CSharpSyntaxTree.ParseText(text)], References, new CSharpCompilationOptions(OutputKind.ConsoleApplication));
        return compilation.GetDiagnostics()
            .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
            .Select(error => $"{error.GetMessage(CultureInfo.InvariantCulture)} in:\n{block}\n");
    }

    private static string Usings(string keyword, IEnumerable<string> namespaces) =>
        string.Concat(namespaces.Select(name => $"{keyword}{name};\n"));

    private static IEnumerable<string> Namespaces() =>
        Documented.SelectMany(assembly => assembly.GetExportedTypes()).Select(type => type.Namespace!)
            .Append("Microsoft.Extensions.DependencyInjection").Distinct();

    // OpenTelemetry's own packages are no dependency of anything here.
    private static IEnumerable<string> Blocks() =>
        File.ReadAllText(Page()).Split($"{Fence}csharp\n").Skip(1).Select(rest => rest.Split($"\n{Fence}")[0])
            .Where(block => !block.Contains("AddOpenTelemetry", StringComparison.Ordinal));

    private static string Page([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "docs", "dotnet-client.md");
}
