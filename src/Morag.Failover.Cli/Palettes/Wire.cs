using System.Text.Encodings.Web;
using System.Text.Json;

namespace Morag.Failover.Cli.Palettes;

/// <summary>How JSON values without a type of ours are written.</summary>
internal static class Wire
{
    public static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static readonly JsonSerializerOptions Indented = new(Options) { WriteIndented = true };
}
