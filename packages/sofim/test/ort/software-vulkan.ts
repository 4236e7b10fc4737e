/** A Vulkan driver that computes on the CPU, which Chromium brings: slow, but WebGPU without a GPU. */
import { existsSync } from "node:fs";

const folder = "/usr/lib/chromium";

export const softwareVulkan = {
  isThere: existsSync(`${folder}/libvk_swiftshader.so`),
  /** Where the library lies that finds drivers. */
  folder,
  library: `${folder}/libvulkan.so.1`,
  /** What has that library find this driver and no other. */
  environment: { VK_ICD_FILENAMES: `${folder}/vk_swiftshader_icd.json` },
} as const;
