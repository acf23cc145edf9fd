using System.Reflection;
using System.Runtime.InteropServices;

namespace Morag.EmbeddedRedis;

/// <summary>Finds the Garnet server, and the .NET host that runs it, on this machine.</summary>
internal static class GarnetPackage
{
    private const string ServerInPackage = "tools/net10.0/any/GarnetServer.dll";

    private static readonly string Version = Metadata("GarnetVersion");

    /// <summary>Full path of GarnetServer.dll.</summary>
    /// <exception cref="EmbeddedRedisException">No package folder contains the package.</exception>
    public static string FindServer() =>
        FindServer(
        [
            Metadata("NuGetPackageRoot"),
            Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? "",
            Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages"),
        ]);

    internal static string FindServer(IEnumerable<string> packageFolders)
    {
        var candidates = packageFolders
            .Where(folder => folder.Length > 0)
            .Select(folder => Path.GetFullPath(Path.Combine(folder, "garnet-server", Version, ServerInPackage)))
            .Distinct()
            .ToList();

        return candidates.Find(File.Exists)
            ?? throw new EmbeddedRedisException(
                $"The embedded Redis needs the NuGet package garnet-server {Version}, which is missing (expected at "
                + $"{string.Join(" or ", candidates)}). Run 'dotnet restore' on this machine with a package source that has it, "
                + "or configure a Redis server of your own.");
    }

    /// <summary>
    /// The dotnet host of the runtime that this process runs on. The process itself may be another executable, such as an app host or a
    /// test host.
    /// </summary>
    public static string FindDotnetHost()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        var host = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name));
        return File.Exists(host) ? host : name;
    }

    private static string Metadata(string key) =>
        typeof(GarnetPackage).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .First(attribute => attribute.Key == key).Value ?? "";
}
