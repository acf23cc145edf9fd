using System.Security.Cryptography;
using System.Text;

namespace Morag.EmbeddedRedis;

/// <summary>
/// Data that was stored is missing from the folder. The server starts with the remaining data only if
/// <see cref="EmbeddedRedisOptions.AcceptDataLoss"/> is <see cref="Loss"/>.
/// </summary>
public sealed class DataLossException : EmbeddedRedisException
{
    internal DataLossException(string message, string loss)
        : base(message) => Loss = loss;

    internal static string TokenOf(string damage) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(damage)))[..12];

    /// <summary>Stands for this very loss: the same at each attempt, and never that of a later one.</summary>
    public string Loss { get; }
}
